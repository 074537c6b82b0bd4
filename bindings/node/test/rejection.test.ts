import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as abi from "../src/library/abi-generated.js";
import { Rules } from "../src/library/rules.js";
import { type Runtime, Trap } from "../src/library/runtime.js";
import { assumed } from "./support/assumed.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
});
afterEach(async () => {
  await standIn.clearFaults();
});

/** A session, and a client of its with the plug-in, and no retries of the SDK's. */
function open() {
  const made = assumed(standIn);
  made.s3.middlewareStack.use(made.session.plugin);
  return made;
}

test("a rejected set is replaced, and the call succeeds", async () => {
  const { role, session, call, revoke } = open();
  await call();
  await revoke();
  await call();
  expect((await standIn.asked(role)).successes).toBe(2);
  expect(session.status().counters.rejections).toBe(1);
});

test("100 calls with one rejected set: all succeed, and one set is fetched", async () => {
  const { role, call, revoke } = open();
  await call();
  await revoke();
  const replies = await Promise.all(Array.from({ length: 100 }, call));
  expect(replies.map(({ $metadata }) => $metadata.httpStatusCode)).toEqual(Array(100).fill(200));
  expect((await standIn.asked(role)).successes).toBe(2);
});

test.each(["ExpiredToken", "ExpiredTokenException", "InvalidToken"])(
  "%s: the answer to a rejected set",
  async (code) => {
    const { role, session, call } = open();
    await call();
    await standIn.inject({ kind: "error", code, role, action: "ListBuckets", count: 1 });
    await call();
    expect(session.status().counters.rejections).toBe(1);
    expect((await standIn.asked(role)).successes).toBe(2);
  },
);

test("other services' clients take the plug-in too", async () => {
  const { role, session, revoke } = open();
  const { credentials } = session;
  const sts = new STSClient({ ...standIn.client, credentials });
  sts.middlewareStack.use(session.plugin);
  await sts.send(new GetCallerIdentityCommand({}));
  await revoke();
  expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toContain("assumed-role");
  expect((await standIn.asked(role)).successes).toBe(2);
});

test("AccessDenied is no rejection", async () => {
  const { role, session, call } = open();
  await call();
  await standIn.inject({ kind: "access_denied", role, action: "ListBuckets" });
  await expect(call()).rejects.toMatchObject({ name: "AccessDenied" });
  expect(session.status().counters.rejections).toBe(0);
  expect((await standIn.asked(role)).successes).toBe(1);
});

test("a module that traps over an error leaves the service's error as it is", () => {
  const run = () => {
    throw new Trap(undefined, "");
  };
  const rules = new Rules({ run } as unknown as Runtime);
  expect(rules.evidence("ExpiredToken", 400, false)).toBe(abi.Evidence.NONE);
});

test("a service that rejects whatever comes is asked twice, and its error is told", async () => {
  const { role, session, s3, call } = open();
  let sent = 0;
  s3.middlewareStack.add(
    (next) => (args) => {
      sent++;
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );
  await standIn.inject({ kind: "error", code: "ExpiredToken", role, action: "ListBuckets" });
  await expect(call()).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(sent).toBe(2);
  expect(session.status().counters.rejections).toBe(1); // a call reports once
  expect(session.status()).toMatchObject({ rejected: false, reported: false });
  const error: unknown = await call().catch((thrown: unknown) => thrown);
  expect(sent).toBe(3); // a set as new as that is not replaced at once
  expect(error).toMatchObject({ name: "ExpiredToken", cause: { code: "rejected" } });
  expect(Object.keys(error as object)).not.toContain("cause");
});

test.each([
  ["text", () => "some text", 2],
  ["a stream", () => Readable.from(["some text"]), 1],
])("a call whose body is %s: sent twice only if it can be", async (_name, body, times) => {
  const { session } = open();
  const bodies: string[] = [];
  const rejecting = {
    handle: async ({ body }: { body: string | Readable }) => {
      bodies.push(typeof body === "string" ? body : await text(body));
      const reply = Readable.from(["<Error><Code>ExpiredToken</Code></Error>"]);
      return { response: { statusCode: 400, headers: {}, body: reply } };
    },
  };
  const { credentials } = session;
  const s3 = new S3Client({ ...standIn.s3, credentials, requestHandler: rejecting as never });
  s3.middlewareStack.use(session.plugin);
  const put = new PutObjectCommand({ Bucket: "b", Key: "k", Body: body(), ContentLength: 9 });
  await expect(s3.send(put)).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(bodies).toHaveLength(times);
  for (const sent of bodies) expect(sent).toContain("some text");
});

test("a client that signs with credentials of another kind concerns no session", async () => {
  const mine = open();
  const other = open();
  await mine.call();
  other.s3.middlewareStack.use(mine.session.plugin); // takes the place of its own
  await other.call();
  await other.revoke();
  await expect(other.call()).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(mine.session.status().counters.rejections).toBe(0);
});
