import { readFileSync } from "node:fs";
import * as http from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { inspect } from "node:util";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type HttpRequest, HttpResponse } from "@smithy/core/transport";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { StsOptions } from "../src/index.js";
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

const SENTINEL = "wJalrXUtnFEMI-sentinel";

/** A server that answers all alike, and what it has sent. */
async function serve(answer: (reply: http.ServerResponse) => void) {
  const server = http.createServer((_request, reply) => {
    answer(reply);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const end = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, end };
}

/** A handler whose replies have bodies as in browsers. */
function fetchHandler(): NonNullable<StsOptions["stsClient"]>["requestHandler"] {
  return {
    handle: async (request: HttpRequest) => {
      const { protocol, hostname, port, path, method, headers } = request;
      const body = request.body as string;
      const reply = await fetch(`${protocol}//${hostname}:${port}${path}`, {
        method,
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "host")),
        body,
      });
      const { status: statusCode, body: stream } = reply;
      return {
        response: new HttpResponse({
          statusCode,
          headers: Object.fromEntries(reply.headers),
          body: stream,
        }),
      };
    },
  };
}

const open = (stsClient: StsOptions["stsClient"]) =>
  new RefreshableSession({
    maxWait: 0,
    stsClient: {
      region: "us-east-1",
      maxAttempts: 1,
      credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "the-secret" },
      ...stsClient,
    },
    assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/limits" },
  });

describe("a reply without end is not read to its end", () => {
  test.each([
    [200, "our connections", () => undefined],
    [403, "our connections", () => undefined],
    [503, "our connections", () => undefined],
    [200, "the user's handler", () => new NodeHttpHandler()],
    [200, "the user's handler, of fetch", fetchHandler],
  ])("HTTP %d over %s", async (status, _whose, handler) => {
    let sent = 0;
    const part = Buffer.alloc(65536, " ");
    const server = await serve((reply) => {
      reply.writeHead(status);
      const more = () => {
        while (!reply.destroyed) {
          sent += part.length;
          if (!reply.write(part)) return reply.once("drain", more);
        }
        return undefined;
      };
      more();
    });
    const requestHandler = handler();
    const session = open({
      endpoint: server.url,
      ...(requestHandler !== undefined && { requestHandler }),
    });
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "malformed", class: "recoverable" });
    expect((error as Error).message).toContain("65536 bytes");
    expect(sent).toBeLessThan(32 << 20); // what buffers on the way take, and more
    session.close();
    server.end();
  });

  test("of GetCallerIdentity neither", async () => {
    const { session } = assumed(standIn);
    await session.credentials();
    await standIn.inject({ kind: "oversized", action: "GetCallerIdentity" });
    await expect(session.whoami()).rejects.toThrow("65536 bytes");
    session.close();
  });
});

describe("what is no error of AWS's is told by its status, and nothing is shown of it", () => {
  test.each([
    [200, `<AssumeRoleResponse><${SENTINEL}>`, "malformed"],
    [200, SENTINEL, "malformed"],
    [200, "", "malformed"],
    [502, `<html><${SENTINEL}</html>`, "source"],
    [403, `{${SENTINEL}`, "source"],
    [400, "", "source"],
    [429, SENTINEL, "source"],
  ])("HTTP %d %s", async (status, body, code) => {
    const server = await serve((reply) => {
      reply.writeHead(status).end(body);
    });
    const session = open({ endpoint: server.url });
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, class: "recoverable" });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(SENTINEL);
    session.close();
    server.end();
  });
});

test("x-amz-retry-after counts in milliseconds, and goes before Retry-After", async () => {
  const { role, session } = assumed(standIn, { maxWait: 0 });
  await standIn.inject({ kind: "throttling", role, amz_retry_after_ms: 20_000, retry_after_s: 1 });
  const from = Date.now();
  await expect(session.credentials()).rejects.toMatchObject({ code: "source" });
  const held: unknown = await session.credentials().catch((error: unknown) => error);
  const { retryAt } = held as { retryAt: Date };
  expect(retryAt.getTime() - from).toBeGreaterThan(19_000);
  session.close();
});

describe("MinimumSessionTokenSize", () => {
  const make = (MinimumSessionTokenSize: number) => {
    const RoleArn = standIn.role("token-size");
    return assumed(standIn, { assumeRole: { RoleArn, MinimumSessionTokenSize } }).session;
  };

  test.each([-1, 4097, 1.5, Number.NaN])("%s is refused", (bad) => {
    expect(() => make(bad)).toThrow(
      /MinimumSessionTokenSize must be a whole number of bytes from 0 to 4096/,
    );
  });

  // The SDK has it since September 2026; older ones leave it out.
  const types = createRequire(import.meta.url).resolve("@aws-sdk/client-sts/package.json");
  const model = path.join(path.dirname(types), "dist-types/models/models_0.d.ts");
  const isKnown = readFileSync(model, "utf8").includes("MinimumSessionTokenSize");
  test.skipIf(!isKnown)("is sent", async () => {
    const session = make(4096);
    expect((await session.credentials()).sessionToken.length).toBeGreaterThanOrEqual(4096);
    session.close();
  });
});
