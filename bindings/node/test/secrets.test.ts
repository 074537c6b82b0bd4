import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { withSurroundings } from "../src/session.js";
import { VirtualClock } from "./support/clock.js";
import { virtualSession } from "./support/session.js";
import { StandIn } from "./support/stand-in.js";
import { freshRuntime } from "./support/wasm.js";

const SENTINELS = ["SENTINEL-access-key", "SENTINEL-secret-key", "SENTINEL-session-token"] as const;
const [accessKey, secretKey, token] = SENTINELS;

/** Everything that a log could show of a value. */
function shown(value: unknown): string {
  const all = inspect(value, { depth: Infinity, showHidden: true, getters: true });
  const error = value instanceof Error ? `${value.message}\n${value.stack ?? ""}` : "";
  return `${all}\n${String(value)}\n${JSON.stringify(value)}\n${error}`;
}

function expectNone(text: string): void {
  expect(text.length).toBeGreaterThan(10); // something was looked at
  for (const sentinel of SENTINELS) expect(text).not.toContain(sentinel);
}

function secretive() {
  const made = virtualSession();
  made.source.answer = () => ({
    accessKey,
    secretKey,
    token,
    expiryTime: new Date(made.clock.wall() + 3_600_000),
  });
  return made;
}

describe("a session that holds secrets", () => {
  test("shows none of them", async () => {
    const { session } = secretive();
    await session.credentials();
    expectNone(shown(session));
    expectNone(shown(session.status()));
    expectNone(shown(session.credentials));
  });

  test("shows none in its errors", async () => {
    const { session, clock, source } = secretive();
    await session.credentials();
    source.answer = () => ({ accessKey, secretKey, token, expiryTime: token });
    await clock.advance(3700 * 1000); // nothing is left to be served
    for (const attempt of [() => session.credentials(), () => session.refresh()]) {
      expectNone(shown(await attempt().catch((error: unknown) => error)));
    }
  });
});

describe("options that hold secrets", () => {
  test.each([
    [{ method: "custom", customCredentialsMethod: secretKey }],
    [{ method: secretKey }],
    [{ assumeRole: { RoleArn: secretKey, TokenCode: token } }],
    [{ assumeRole: { RoleArn: accessKey, ExternalId: secretKey, Oops: token } }],
    [{ assumeRole: secretKey, stsClient: { credentials: { secretAccessKey: secretKey } } }],
    [{ assumeRole: {}, policy: secretKey }],
    [{ assumeRole: {}, advisoryTimeout: secretKey }],
    [{ assumeRole: {}, stsClient: secretKey }],
  ])("are not told in errors (%#)", (options) => {
    let thrown: unknown;
    try {
      new RefreshableSession(options as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    expectNone(shown(thrown));
  });
});

describe("an STS session", () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start();
  });
  afterAll(async () => {
    await standIn.stop();
  });

  test("errors of STS show neither the base credentials nor a code", async () => {
    const code = "918273";
    const session = withSurroundings(
      { runtime: freshRuntime(), clock: new VirtualClock() },
      () =>
        new RefreshableSession({
          maxWait: 0,
          assumeRole: {
            RoleArn: standIn.role("secrets"),
            SerialNumber: "arn:aws:iam::123456789012:mfa/a",
            ExternalId: "SENTINEL-external-id",
          },
          mfaTokenProvider: () => code,
          stsClient: {
            ...standIn.client,
            credentials: {
              accessKeyId: accessKey,
              secretAccessKey: secretKey,
              sessionToken: token,
            },
          },
        }),
    );
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "source", cause: { name: "InvalidClientTokenId" } });
    const text = shown(error);
    expectNone(text);
    expect(text).not.toContain(code);
    expect(text).not.toContain("SENTINEL-external-id");
    expectNone(shown(session));
    session.close();
  });
});
