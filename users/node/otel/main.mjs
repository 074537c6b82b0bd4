// A span for each refresh, from the session's events; it is in the trace of the caller whom
// the refresh began with.
// title: OpenTelemetry, a span for each refresh
// framework: @opentelemetry/sdk-trace-base
// environment: otel
import assert from "node:assert/strict";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";
import { spanPerRefresh } from "./spans.mjs";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracer = provider.getTracer("users");

const assumeRole = { RoleArn: roleArn, RoleSessionName: "watched" };
const session = new RefreshableSession({ assumeRole });
spanPerRefresh(session, tracer);
const s3 = session.client(S3Client);
const secrets = new Set([process.env.AWS_SECRET_ACCESS_KEY]);
await refreshed(() => {
  const request = tracer.startSpan("request");
  return context.with(trace.setSpan(context.active(), request), async () => {
    await s3.send(new ListBucketsCommand({}));
    const held = await session.credentials();
    for (const key of ["accessKeyId", "secretAccessKey", "sessionToken"]) secrets.add(held[key]);
    request.end();
  });
});

const deniedArn = "arn:aws:iam::123456789012:role/denied";
const fault = JSON.stringify({ kind: "access_denied", role: deniedArn });
await fetch(`${process.env.CONTROL}/faults`, { method: "POST", body: fault });
const denied = new RefreshableSession({
  assumeRole: { RoleArn: deniedArn, RoleSessionName: "denied" },
  maxWait: 0,
});
spanPerRefresh(denied, tracer);
await assert.rejects(denied.credentials());
await new Promise((resolve) => setImmediate(resolve)); // events come a little later
denied.close();
session.close();

const spans = exporter.getFinishedSpans();
const told = spans.filter(({ name }) => name === "evercreds.refresh");
const good = told.filter(({ attributes }) => attributes["evercreds.role"] === roleArn);
const bad = told.filter(({ attributes }) => attributes["evercreds.role"] === deniedArn);
assert.ok(good.length >= 2 && told.length === good.length + 1, `${told.length} spans`);
for (const { attributes } of good) {
  assert.equal(attributes["evercreds.session_name"], "watched");
  assert.ok(["first", "advisory", "mandatory"].includes(attributes["evercreds.cause"]));
}
assert.deepEqual(
  bad.map(({ attributes }) => attributes),
  [
    {
      "evercreds.session_name": "denied",
      "evercreds.role": deniedArn,
      "evercreds.cause": "first",
      "evercreds.error_class": "permanent",
      "evercreds.aws_error_code": "AccessDenied",
    },
  ],
);
const traces = (name) =>
  spans.filter((span) => span.name === name).map((span) => span.spanContext().traceId);
const requests = traces("request");
const inside = good.filter((span) => requests.includes(span.spanContext().traceId));
assert.ok(inside.length >= 2, `${inside.length} refreshes within a request`);
const written = JSON.stringify(
  spans.map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
);
for (const secret of secrets) assert.ok(!written.includes(secret), "a span tells a secret");
