import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { STSClientConfig } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RefreshableSession, type SessionOptions } from "../src/index.js";
import { assumed } from "./support/assumed.js";
import { HOSTILE } from "./support/hostile.js";
import { PATIENT } from "./support/patience.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
let slow: http.Server;
/** Has the downloads that are under way come to their end. */
let finish: () => void = () => undefined;
beforeAll(async () => {
  standIn = await StandIn.start();
  slow = http.createServer((_request, reply) => {
    reply.writeHead(200, { "content-length": 10 });
    reply.write("12345");
    finish = () => reply.end("67890");
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  slow.closeAllConnections();
  slow.close();
  await standIn.stop();
});

const open = (more: Partial<STSClientConfig> = {}) =>
  assumed(standIn, { stsClient: { ...standIn.client, ...more } }).session;

/** Whatever a session does with the user's things. */
const USES: Record<string, (session: RefreshableSession) => Promise<unknown>> = {
  whoami: (session) => session.whoami(),
  close: (session) => {
    session.close();
    return Promise.resolve();
  },
  "whoami that fails": async (session) => {
    await standIn.inject({ kind: "error", code: "Oops", status: 400, action: "GetCallerIdentity" });
    await expect(session.whoami()).rejects.toMatchObject({ name: "Oops" });
    await standIn.clearFaults();
  },
};

/** Request handlers as users give them, and what of them is theirs. */
const HANDLERS: Record<string, () => { requestHandler: unknown; agents: http.Agent[] }> = {
  "a handler": () => {
    const httpAgent = new http.Agent({ keepAlive: true });
    return { requestHandler: new NodeHttpHandler({ httpAgent }), agents: [httpAgent] };
  },
  "settings with an agent": () => {
    const httpAgent = new http.Agent({ keepAlive: true });
    return { requestHandler: { httpAgent, connectionTimeout: 5000 }, agents: [httpAgent] };
  },
  "a function that gives settings with an agent": () => {
    const httpAgent = new http.Agent({ keepAlive: true });
    return { requestHandler: () => Promise.resolve({ httpAgent }), agents: [httpAgent] };
  },
};

describe.each(Object.entries(HANDLERS))("%s of the user's", (_name, make) => {
  test.each(Object.entries(USES))(
    "client A downloads over it; %s of a session that has it too; A goes on",
    async (_use, use) => {
      const { requestHandler, agents } = make();
      const session = open({ requestHandler: requestHandler as never });
      await session.credentials();
      const { port } = slow.address() as AddressInfo;
      const s3 = new S3Client({
        region: "us-east-1",
        endpoint: `http://127.0.0.1:${port}`,
        forcePathStyle: true,
        requestHandler: requestHandler as never,
        credentials: { accessKeyId: "A", secretAccessKey: "S" },
        maxAttempts: 1,
      });
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
      const download = body?.transformToString();
      await use(session);
      finish();
      expect(await download).toBe("1234567890");
      session.close();
      for (const agent of agents) agent.destroy();
    },
  );
});

describe("what a session made for itself", () => {
  const connections = () =>
    process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

  test.each<[string, Partial<STSClientConfig>]>([
    ["no settings", {}],
    ["settings without agents", { requestHandler: { connectionTimeout: 5000 } }],
    ["settings of agents", { requestHandler: { httpAgent: { maxSockets: 3 } } }],
  ])("is given back: %s", async (_name, more) => {
    const before = connections();
    const session = open(more);
    await session.whoami();
    session.close();
    await vi.waitFor(() => {
      expect(connections()).toBeLessThanOrEqual(before);
    }, PATIENT);
  });
});

/** Throws at whoever changes it, or anything in it. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

describe("what was handed in", () => {
  let code = 100_000;
  const given = (): SessionOptions => ({
    assumeRole: {
      RoleArn: standIn.role("users-given"),
      Tags: [{ Key: "k", Value: "v" }],
      SerialNumber: "arn:aws:iam::123456789012:mfa/a",
    },
    mfaTokenProvider: () => String(++code),
    stsClient: { ...standIn.client, retryMode: "standard", requestHandler: { httpAgent: {} } },
  });

  test.each([
    ["is not changed", <T>(value: T) => value],
    ["does not have to be changeable", frozen],
  ])("%s", async (_name, hand) => {
    const shown = (value: object) => inspect(value, { depth: 9, showHidden: true });
    const options = hand(given());
    const config = hand({ ...standIn.s3, tags: ["x"] });
    const before = [shown(options), shown(config)];
    const session = new RefreshableSession(options);
    const set = await session.credentials();
    session.client(S3Client, config);
    await session.whoami();
    const needs = hand({ minTtl: 1, signal: undefined });
    await session.credentialsFor(needs);
    session.invalidate(hand({ ...set }));
    await session.credentials();
    session.close();
    expect([shown(options), shown(config)]).toEqual(before);
    expect(shown(needs)).toBe(shown({ minTtl: 1, signal: undefined }));
  });
});

describe("the user's logger", () => {
  test.each(HOSTILE)("that throws %s: refreshes and calls succeed", async (_name, make) => {
    const fail = () => {
      throw make();
    };
    const logger = { trace: fail, debug: fail, info: fail, warn: fail, error: fail };
    const session = open({ logger });
    expect((await session.credentials()).accessKeyId).toMatch(/^ASIA/);
    expect((await session.whoami()).Arn).toContain("assumed-role");
    session.close();
  });

  test("hears of calls, in its own way, and of no secret", async () => {
    const heard: unknown[] = [];
    class Log {
      readonly own = heard;
      trace = () => undefined;
      debug = () => undefined;
      warn(...content: unknown[]) {
        this.own.push(content);
      }
      info(...content: unknown[]) {
        this.own.push(content);
      }
      error(...content: unknown[]) {
        this.own.push(content);
      }
    }
    const options = {
      assumeRole: {
        RoleArn: standIn.role("users-log"),
        SerialNumber: "arn:aws:iam::123456789012:mfa/a",
        ExternalId: "SENTINEL-external-id",
      },
      mfaTokenProvider: () => "918273",
      stsClient: { ...standIn.client, logger: new Log() },
    };
    const session = new RefreshableSession(options);
    const set = await session.credentials();
    await session.whoami();
    await standIn.inject({ kind: "access_denied", role: options.assumeRole.RoleArn });
    await session.refresh().catch(() => undefined);
    await standIn.clearFaults();
    const text = inspect(heard, { depth: Infinity, showHidden: true });
    expect(text).toContain("AssumeRoleCommand");
    expect(text).toContain("GetCallerIdentityCommand");
    expect(text).toContain("httpStatusCode");
    for (const secret of [
      set.sessionToken,
      set.secretAccessKey,
      "918273",
      "SENTINEL-external-id",
    ]) {
      expect(text).not.toContain(secret);
    }
    session.close();
  });
});
