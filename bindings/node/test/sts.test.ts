import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { StsOptions } from "../src/index.js";
import { loadSts } from "../src/sources/sts.js";
import { assumed } from "./support/assumed.js";
import { Gate } from "./support/gate.js";
import { LATE_MS, PATIENT } from "./support/patience.js";
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
  await standIn.setClock(0);
});

/** A session on the stand-in, with a role of its own, which tells each failure at once. */
const open = (options: Partial<StsOptions> = {}) => assumed(standIn, { maxWait: 0, ...options });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes calls all the time until `isOver`; rejects with the first that fails. */
async function keepCalling(call: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
  for (const end = Date.now() + LATE_MS; !isOver();) {
    if (Date.now() > end) throw new Error("it did not come about");
    await call();
    await pause(5);
  }
}

describe("with a healthy source", () => {
  test("an S3 client signs over many short lifetimes, and no call fails", async () => {
    const { role, session, call, asked, done } = open();
    await standIn.setLifetime(role, 8000);
    const from = Date.now();
    const installed = () => session.status().counters.installs;
    await keepCalling(call, () => installed() === 3);
    // default windows shrink to half the lifetime: a refresh each four seconds or so
    expect(Date.now() - from).toBeGreaterThan(2 * 2000);
    expect(await asked()).toMatchObject({ attempts: 3, successes: 3, failures: 0 });
    done();
  });

  test("500 concurrent callers: exactly one AssumeRole for each refresh", async () => {
    const { role, session, done } = open();
    const all = () => Promise.all(Array.from({ length: 500 }, () => session.credentials()));
    const first = new Set(await all());
    expect(first.size).toBe(1);
    expect(await standIn.asked(role)).toMatchObject({ attempts: 1, successes: 1 });
    session.invalidate();
    const second = new Set(await all());
    expect(second.size).toBe(1);
    expect([...second]).not.toEqual([...first]);
    expect(await standIn.asked(role)).toMatchObject({ attempts: 2, successes: 2 });
    done();
  });

  test("500 callers of a set in its mandatory window: one AssumeRole too", async () => {
    const { role, session, done } = open({ advisoryTimeout: 2, mandatoryTimeout: 2 });
    await standIn.setLifetime(role, 4000);
    const first = await session.credentials();
    while (session.status().phase !== "mandatory") await pause(50);
    const sets = Array.from({ length: 500 }, () => session.credentials());
    expect(new Set(await Promise.all(sets)).has(first)).toBe(false);
    expect(await standIn.asked(role)).toMatchObject({ attempts: 2, successes: 2 });
    done();
  });

  test("whoami tells of the assumed role, not of the base credentials", async () => {
    const { role, session, done } = open();
    const identity = await session.whoami();
    expect(identity.Arn).toContain(`:assumed-role/${role.split("/").pop() ?? ""}/evercreds`);
    expect(identity.Account).toBe("123456789012");
    expect(await session.whoami()).toEqual(identity);
    expect((await session.credentials()).accountId).toBe("123456789012");
    done();
  });

  test("a session on another session's credentials", async () => {
    const parent = open();
    const { credentials } = parent.session;
    const child = open({ stsClient: { ...standIn.client, credentials } });
    await child.call();
    expect((await child.session.whoami()).Arn).toContain("assumed-role");
    expect((await standIn.asked(parent.role)).successes).toBe(1);
    child.done();
    parent.done();
  });

  test("a server whose clock is ahead: its Date counts, not the local clock", async () => {
    await standIn.setClock(180_000);
    const { session, call, done } = open();
    await session.credentials();
    // by the local clock alone the set would seem to live 3 minutes longer
    expect(session.status().lifetime).toBeLessThanOrEqual(3600);
    expect(session.status().lifetime).toBeGreaterThan(3590);
    await call();
    done();
  });

  test("MFA: each code is asked for once and sent once", async () => {
    let asked = 0;
    const { session, done } = open({
      assumeRole: { RoleArn: standIn.role("mfa"), SerialNumber: "arn:aws:iam::123456789012:mfa/a" },
      mfaTokenProvider: () => `12345${++asked}`,
    });
    await session.credentials();
    await session.refresh();
    expect(asked).toBe(2);
    done();
  });

  test.each([
    ["a number", () => 123456, /exactly six digits/],
    ["too much", () => "1234567", /exactly six digits/],
    ["nothing", () => undefined, /exactly six digits/],
    ["an error", () => Promise.reject(new Error("no token")), /gave no code/],
  ])("MFA: a provider that gives %s sends nothing", async (name, provider, words) => {
    const RoleArn = standIn.role(`mfa-${name.replace(" ", "-")}`);
    const { session, done } = open({
      assumeRole: { RoleArn, SerialNumber: "arn:aws:iam::123456789012:mfa/a" },
      mfaTokenProvider: provider as () => string,
    });
    await expect(session.credentials()).rejects.toMatchObject({
      class: "permanent",
      message: expect.stringMatching(words) as unknown,
    });
    expect((await standIn.asked(RoleArn)).attempts).toBe(0);
    done();
  });

  test("MFA: a code in the configuration is good for one refresh", async () => {
    const RoleArn = standIn.role("mfa-once");
    const { session, done } = open({
      assumeRole: { RoleArn, SerialNumber: "arn:aws:iam::123456789012:mfa/a", TokenCode: "123456" },
    });
    await session.credentials();
    await expect(session.refresh()).rejects.toMatchObject({ class: "permanent" });
    expect((await standIn.asked(RoleArn)).attempts).toBe(1);
    done();
  });
});

describe("with a source that is ill", () => {
  test("an outage in the advisory window: no call waits, none fails", async () => {
    const sts = await Gate.start(standIn.client.endpoint);
    const { role, session, call, done } = open({
      // from its second second on, and so long that it can be held up for a minute
      ...{ advisoryTimeout: 119, mandatoryTimeout: 30 },
      stsClient: { ...standIn.client, endpoint: sts.origin },
    });
    await standIn.setLifetime(role, 120_000);
    await call();
    const counters = () => session.status().counters;
    for (const failed of [1, 2]) {
      const hanging = sts.shut();
      let hangs = false;
      void hanging.then(() => (hangs = true));
      await keepCalling(call, () => hangs);
      for (let turn = 0; turn < 20; turn++) await call();
      expect(session.status()).toMatchObject({ phase: "advisory", refreshing: true });
      sts.open({ fails: true });
      await keepCalling(call, () => counters().failures === failed);
    }
    await keepCalling(call, () => counters().installs === 2);
    done();
    await sts.stop();
  });

  test.each([
    ["access_denied", {}, "source", "permanent"],
    ["http", { status: 503 }, "source", "recoverable"],
    ["throttling", {}, "source", "recoverable"],
    ["reset", {}, "source", "recoverable"],
    ["missing_field", { field: "SessionToken" }, "malformed", "recoverable"],
    ["missing_field", { field: "Expiration" }, "malformed", "recoverable"],
    ["expired", {}, "expired-reply", "recoverable"],
  ])("%s %o is %s, %s", async (kind, more, code, kindOfFailure) => {
    const { role, session, done } = open();
    await standIn.inject({ kind, role, ...more });
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, class: kindOfFailure });
    await standIn.clearFaults();
    const held: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    const retryAt = (held as { retryAt?: Date }).retryAt?.getTime() ?? 0;
    await pause(Math.max(0, retryAt - Date.now() + 50));
    await expect(session.credentials()).resolves.toHaveProperty("accessKeyId");
    done();
  });

  test.each(["truncated", "bad_expiration"])(
    "a reply that is %s is malformed, and the error shows nothing of it",
    async (kind) => {
      const { role, session, done } = open();
      await standIn.inject({ kind, role });
      const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "malformed", class: "recoverable" });
      const shown = inspect(error, { depth: Infinity, showHidden: true });
      expect(shown).toContain("cannot be read");
      expect(shown).not.toMatch(/ASIA|<SecretAccessKey>|not-a-time/);
      done();
    },
  );

  test("Retry-After is honoured", async () => {
    const { role, session, done } = open();
    await standIn.inject({ kind: "throttling", role, retry_after_s: 20 });
    const from = Date.now();
    await expect(session.credentials()).rejects.toMatchObject({ code: "source" });
    const held: unknown = await session.credentials().catch((error: unknown) => error);
    const { retryAt } = held as { retryAt: Date };
    expect(retryAt.getTime() - from).toBeGreaterThan(19_000);
    expect((await standIn.asked(role)).attempts).toBe(1);
    done();
  });

  test("a source that hangs: the caller is freed at the time-out, the call is ended", async () => {
    const { role, session, done } = open({ refreshTimeout: 0.5 });
    await standIn.inject({ kind: "hang", role });
    const from = performance.now();
    await expect(session.credentials()).rejects.toMatchObject({ code: "timed-out" });
    expect(performance.now() - from).toBeLessThan(LATE_MS);
    await standIn.clearFaults();
    await vi.waitFor(() => session.credentials(), PATIENT); // also a good call may be late
    expect(session.status().phase).toBe("fresh");
    done();
  });
});

describe("the peer dependency", () => {
  const failing = (code: string) => () =>
    Promise.reject(Object.assign(new Error("SENTINEL"), { code }));
  test.each(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"])(
    "is not there (%s): the error says what to install",
    async (code) => {
      await expect(loadSts(failing(code))).rejects.toMatchObject({
        code: "configuration",
        class: "permanent",
        message:
          "STS needs the package @aws-sdk/client-sts; install it beside evercreds: npm install @aws-sdk/client-sts",
      });
    },
  );

  test.each([
    [
      "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG",
      "(ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG)",
    ],
    ["a SENTINEL", "(Error)"],
  ])(
    "is there, and cannot be loaded (%s): the error does not say to install it",
    async (code, why) => {
      await expect(loadSts(failing(code))).rejects.toMatchObject({
        code: "configuration",
        class: "permanent",
        message: `STS cannot load the package @aws-sdk/client-sts, which is there ${why}`,
      });
    },
  );
});

describe("with a set-up that is not complete", () => {
  const NONE = { AWS_EC2_METADATA_DISABLED: "true", AWS_CONFIG_FILE: "none" };
  beforeEach(() => {
    const unset = Object.keys(process.env).filter((name) => name.startsWith("AWS_"));
    for (const name of unset) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(NONE)) vi.stubEnv(name, value);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "none");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  // caller A asks; source has no base credentials: the error comes at once
  test.each([
    ["credentials", { credentials: undefined }, "no base credentials were found"],
    ["region", { region: undefined }, "stsClient has no region"],
  ])("nobody waits for %s that never were", async (_, changed, message) => {
    const stsClient = Object.entries({ ...standIn.client, ...changed });
    const { session, done } = open({
      maxWait: 600,
      stsClient: Object.fromEntries(stsClient.filter(([, value]) => value !== undefined)),
    });
    await expect(session.credentials()).rejects.toMatchObject({
      class: "permanent",
      message: expect.stringContaining(message) as string,
    });
    expect(session.status().counters.starts).toBe(1);
    done();
  });

  // caller A asks; source answers; the base credentials are gone; A refreshes
  test("base credentials that are gone may come back", async () => {
    const { credentials, ...settings } = standIn.client;
    const folder = mkdtempSync(join(tmpdir(), "evercreds-"));
    const [config, output] = [join(folder, "config"), join(folder, "output")];
    const Expiration = new Date(Date.now() + 1000).toISOString(); // so that it is asked again
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = credentials;
    writeFileSync(output, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, Expiration }));
    writeFileSync(config, `[default]\ncredential_process = cat ${output}\n`);
    vi.stubEnv("AWS_CONFIG_FILE", config);
    const { session, done } = open({ stsClient: settings });
    await session.refresh();
    rmSync(output);
    const refreshed = () => session.refresh().catch((error: unknown) => error);
    await vi.waitFor(async () => {
      expect(await refreshed()).toMatchObject({ class: "recoverable" });
    }, LATE_MS);
    rmSync(folder, { recursive: true });
    done();
  });
});

// as mocks of clients give for a call that a test has said nothing of
test("a reply that is nothing is told as one", async () => {
  vi.spyOn(STSClient.prototype, "send").mockReturnValue(Promise.resolve() as never);
  const { session, done } = open();
  await expect(session.credentials()).rejects.toMatchObject({
    code: "malformed",
    message: expect.stringContaining("the reply of AssumeRole has no credentials") as unknown,
  });
  vi.restoreAllMocks();
  await session.credentials();
  vi.spyOn(STSClient.prototype, "send").mockReturnValue(Promise.resolve() as never);
  expect(await session.whoami()).toEqual({});
  vi.restoreAllMocks();
  done();
});
