import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { RefreshableSession, type SessionOptions } from "../src/index.js";
import { attributes } from "./support/attributes.js";
import { virtualSession } from "./support/session.js";
import { StandIn } from "./support/stand-in.js";

const SECRETS: Record<string, string> = {
  "base secret key": "SENTINEL-base/Secret",
  "base session token": "SENTINEL-base-token//",
  "one-time code": "918273",
  "external id": "SENTINEL-external-id",
  "secret key": "SENTINEL-secret/Key",
  "session token": "SENTINEL-token+//",
};

/** Fails with the ways by which a secret can be reached from a value. */
function expectNone(what: unknown): void {
  const ways: string[] = [];
  const all = attributes(what);
  expect(all.length).toBeGreaterThan(3); // something was looked at
  for (const { path, text } of all) {
    for (const [name, secret] of Object.entries(SECRETS)) {
      const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
      if (forms.some((form) => text.includes(form))) ways.push(`${name} by ${path}`);
    }
  }
  expect(ways, ways.join("\n")).toEqual([]);
}

let standIn: StandIn;
/** Answers anything, as the test says. */
let service: http.Server;
let answer: (request: http.IncomingMessage, reply: http.ServerResponse, body: string) => void;
let endpoint: string;
beforeAll(async () => {
  standIn = await StandIn.start();
  service = http.createServer((request, reply) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      answer(request, reply, body);
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(async () => {
  service.closeAllConnections();
  service.close();
  await standIn.stop();
});

let told: unknown[];
beforeEach(() => {
  told = [];
});

/** Makes a session whose events, channels, log and warnings are all heard. */
function listened(make: () => RefreshableSession): RefreshableSession {
  const session = make();
  for (const name of [
    "start",
    "refresh",
    "failure",
    "rejection",
    "degraded",
    "warning",
    "close",
  ] as const) {
    session.on(name, (event) => told.push(event));
  }
  return session;
}

const logger = Object.fromEntries(
  ["trace", "debug", "info", "warn", "error"].map((level) => [
    level,
    (...content: unknown[]) => told.push(...content),
  ]),
) as never;

const base = {
  accessKeyId: "AKIABASE",
  secretAccessKey: SECRETS["base secret key"] ?? "",
  sessionToken: SECRETS["base session token"] ?? "",
};

const stsOptions = (more: object = {}): SessionOptions => ({
  assumeRole: {
    RoleArn: "arn:aws:iam::123456789012:role/r",
    SerialNumber: "arn:aws:iam::123456789012:mfa/a",
    ExternalId: SECRETS["external id"] ?? "",
  },
  mfaTokenProvider: () => SECRETS["one-time code"] ?? "",
  refreshTimeout: 2,
  maxWait: 0,
  stsClient: { endpoint, region: "us-east-1", credentials: base, maxAttempts: 1, logger, ...more },
});

const xml = (status: number, text: string) => (_: unknown, reply: http.ServerResponse) => {
  reply.writeHead(status, { "content-type": "text/xml" });
  reply.end(text);
};

/** A good reply, with secrets in it. */
const SET = `<AssumeRoleResponse><AssumeRoleResult><Credentials>
  <AccessKeyId>ASIASET</AccessKeyId><SecretAccessKey>${SECRETS["secret key"]}</SecretAccessKey>
  <SessionToken>${SECRETS["session token"]}</SessionToken>
  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

const ANSWERS: Record<string, typeof answer> = {
  "an error": xml(
    403,
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
  ),
  "an error that echoes the request": (_request, reply, body) => {
    xml(
      400,
      `<ErrorResponse><Error><Code>Odd</Code><Message>${body}</Message></Error></ErrorResponse>`,
    )(0, reply);
  },
  "an error without words": xml(500, ""),
  "an error that is no XML": xml(502, `<html>${SECRETS["session token"]}`),
  "a set that is cut off": xml(200, SET.slice(0, -40)),
  "a set without its expiry": xml(200, SET.replace(/<Expiration>.*<.Expiration>/, "")),
  "a set with a wrong expiry": xml(
    200,
    SET.replace("2099-01-01T00:00:00Z", SECRETS["session token"] ?? ""),
  ),
  "an expired set": xml(200, SET.replace("2099", "1999")),
  text: xml(200, `oops ${SET}`),
  nothing: (request) => request.socket.destroy(),
  "half a reply": (request, reply) => {
    reply.writeHead(200, { "content-length": 10_000 });
    reply.write(SET);
    setTimeout(() => request.socket.destroy(), 20);
  },
  silence: () => undefined,
};

describe("STS answers with", () => {
  test.each(Object.entries(ANSWERS))("%s: no secret hangs on anything", async (_name, how) => {
    answer = how;
    const session = listened(() => new RefreshableSession(stsOptions()));
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty("name", "EvercredsError");
    expectNone(error);
    expectNone(session.status());
    expectNone(session);
    session.close();
    await new Promise((resolve) => setImmediate(resolve));
    expectNone(told);
  });

  test.each(Object.entries(ANSWERS))(
    "%s, to a session whose base is another: no secret hangs on anything",
    async (_name, how) => {
      const parent = virtualSession();
      parent.source.answer = () => ({
        accessKey: "ASIAPARENT",
        secretKey: SECRETS["base secret key"] ?? "",
        token: SECRETS["base session token"] ?? "",
        expiryTime: new Date(parent.clock.wall() + 3_600_000),
      });
      answer = how;
      const { credentials } = parent.session;
      const session = listened(() => new RefreshableSession(stsOptions({ credentials })));
      const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
      expectNone(error);
      expectNone(parent.session.status());
      session.close();
      await new Promise((resolve) => setImmediate(resolve));
      expectNone(told);
    },
  );

  test.each(Object.entries(ANSWERS))(
    "%s, to the parent: none hangs on the child's",
    async (_name, how) => {
      answer = how;
      const parent = new RefreshableSession(stsOptions());
      const { credentials } = parent;
      const session = listened(() => new RefreshableSession(stsOptions({ credentials })));
      const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
      expect(error).toHaveProperty("name", "EvercredsError");
      expectNone(error);
      session.close();
      parent.close();
      await new Promise((resolve) => setImmediate(resolve));
      expectNone(told);
    },
  );
});

/** A session that holds a set of secrets, on the clock of the process. */
let sets = 0;
const holding = (more: object = {}) =>
  listened(
    () =>
      new RefreshableSession({
        method: "custom",
        maxWait: 0,
        customCredentialsMethod: () => ({
          accessKey: `ASIASET${++sets}`,
          secretKey: SECRETS["secret key"] ?? "",
          token: SECRETS["session token"] ?? "",
          expiryTime: new Date(Date.now() + 3_600_000),
          ...more,
        }),
        stsClient: { endpoint, region: "us-east-1", maxAttempts: 1, logger },
      }),
  );

describe("a session that holds secrets", () => {
  test("shows none, nor do its caches, its plug-in and its events", async () => {
    const heard = (message: unknown) => told.push(message);
    for (const name of ["start", "refresh", "rejection"]) subscribe(`evercreds:${name}`, heard);
    const session = holding();
    await session.credentials();
    session.invalidate();
    await session.credentials();
    session.client(S3Client, {
      region: "us-east-1",
      customUserAgent: SECRETS["external id"] ?? "",
    });
    for (const name of ["start", "refresh", "rejection"]) unsubscribe(`evercreds:${name}`, heard);
    expectNone([session.status(), session.plugin, session.cache.list(), session.cache.stats()]);
    expectNone(session.cache);
    expectNone(session);
    expectNone(told);
    session.close();
  });

  test.each([
    ["secretKey", { secretKey: 7 }],
    ["expiryTime", { expiryTime: SECRETS["session token"] }],
    ["an expired set", { expiryTime: new Date(0) }],
    ["a getter", { get token() { throw new Error("no"); } }], // prettier-ignore
  ])("whose next reply is bad (%s): no secret hangs on its errors", async (_name, more) => {
    const session = holding(more);
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty("name", "EvercredsError");
    expectNone(error);
    expectNone(session.status());
    session.close();
    await new Promise((resolve) => setImmediate(resolve));
    expectNone(told);
  });

  test.each(Object.entries(ANSWERS).filter(([name]) => !/set|text/.test(name)))(
    "asks whoami and is answered with %s: no secret hangs on the error",
    async (_name, how) => {
      answer = how;
      const session = holding();
      const signal = AbortSignal.timeout(1500);
      const error: unknown = await session.whoami({ signal }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expectNone(error);
      expectNone(told);
      session.close();
    },
  );

  test.each(["ExpiredToken", "InvalidToken"])(
    "caller A asks; the service rejects for A with %s; nothing that the plug-in hands on has it",
    async (code) => {
      answer = xml(400, `<Error><Code>${code}</Code><Message>no</Message></Error>`);
      const session = holding();
      const s3 = session.client(S3Client, {
        region: "us-east-1",
        endpoint,
        forcePathStyle: true,
        maxAttempts: 1,
      });
      const error: unknown = await s3.send(new ListBucketsCommand({})).catch((e: unknown) => e);
      expect(error).toMatchObject({ name: code, $metadata: { httpStatusCode: 400 } });
      expectNone(error);
      session.close();
    },
  );
});

describe("the IoT credentials provider answers with", () => {
  test.each([
    ["an error", { kind: "access_denied" }],
    ["a bad reply", { kind: "missing_field", field: "Expiration" }],
  ])("%s: no secret hangs on anything", async (_name, fault) => {
    await standIn.inject({ ...fault, alias: standIn.iot.roleAlias });
    const session = listened(() => new RefreshableSession({ ...standIn.iot, maxWait: 0 }));
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    await standIn.clearFaults();
    const key = readFileSync(standIn.iot.privateKey, "utf8").split("\n")[1] ?? "";
    expect(key.length).toBeGreaterThan(20);
    for (const what of [error, session.status(), session]) {
      expectNone(what);
      expect(attributes(what).filter(({ text }) => text.includes(key))).toEqual([]);
    }
    session.close();
  });
});

describe("a code is asked for", () => {
  const code = SECRETS["one-time code"] ?? "";
  test.each<[string, unknown]>([
    ["of a command that fails", [process.execPath, "-e", `console.log(${code}); process.exit(3)`]],
    ["of a command that is not there", `/nowhere/${code}`],
    ["of a function that gives it with more", () => `${code} `],
    ["of a function that gives it as a number", () => Number(code)],
  ])("%s: it hangs on nothing", async (_name, mfaTokenProvider) => {
    const options = { ...stsOptions(), refreshTimeout: 60, mfaTokenProvider } as SessionOptions;
    const session = listened(() => new RefreshableSession(options));
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty("class", "permanent");
    expectNone(error);
    expectNone(session);
    session.close();
  });
});

test("the search finds what is hidden", () => {
  vi.stubEnv("EVERCREDS_TEST", "1");
  const secret = SECRETS["secret key"] ?? "";
  const hidden: Record<string, unknown> = {
    "a cause's cause": new Error("x", { cause: new Error("y", { cause: { deep: [secret] } }) }),
    "a symbol's property": { [Symbol("s")]: secret },
    "a hidden property": Object.defineProperty({}, "x", { value: secret }),
    "an inherited getter": new (class { get x() { return secret; } })(), // prettier-ignore
    "a key of a map": new Map([[{ secret }, 1]]),
    "a set": new Set([[secret]]),
    bytes: { body: Buffer.from(`x${secret}`) },
    "a name": { [secret]: 1 },
    "a function's property": Object.assign(() => 1, { secret }),
  };
  for (const [name, value] of Object.entries(hidden)) {
    expect(() => { expectNone([value, 1, 2, 3]); }, name).toThrow("secret key by"); // prettier-ignore
  }
  vi.unstubAllEnvs();
});
