import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { io } from "aws-iot-device-sdk-v2";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { IotOptions, Pkcs11Options } from "../src/index.js";
import { loadCrt } from "../src/platform/crt.js";
import { LATE_MS, PATIENT } from "./support/patience.js";
import { inToken, makeToken, noSoftHsm, PIN, tokenSession } from "./support/softhsm.js";
import { StandIn } from "./support/stand-in.js";
import { run, built } from "./support/package.js";
import { failureOf } from "./support/session.js";

const WRONG_PIN = "5555555";

let standIn: StandIn;
let home: string;
let slotId: number;
beforeAll(async () => {
  standIn = await StandIn.start();
  home = mkdtempSync(path.join(tmpdir(), "evercreds pkcs11-"));
  if (noSoftHsm === undefined) ({ slotId } = makeToken(home, standIn));
});
afterAll(async () => {
  await standIn.stop();
  rmSync(home, { recursive: true });
});
afterEach(async () => {
  await standIn.clearFaults();
  vi.restoreAllMocks();
});

const open = (
  key: "ec" | "rsa" = "ec",
  changes: Partial<Pkcs11Options> = {},
  options: Partial<IotOptions> = {},
) => new RefreshableSession({ ...tokenSession(standIn, key, changes), ...options });

/** Counts what is made of a class of the runtime's, from now to the end of the test. */
function countMade(name: "ClientTlsContext" | "Pkcs11Lib" | "ClientBootstrap"): () => number {
  const { io } = loadCrt();
  let made = 0;
  const counted = new Proxy(io[name], {
    construct(target, given, as) {
      made++;
      return Reflect.construct(target, given, as) as object;
    },
  });
  vi.spyOn(io, name, "get").mockReturnValue(counted);
  return () => made;
}

/** Everything that a log could show of a value. */
function shown(value: unknown): string {
  const all = inspect(value, { depth: Infinity, showHidden: true, getters: true });
  return `${all}\n${String(value)}\n${JSON.stringify(value)}`;
}

/** Runs a program that has the built package and the session's options, to its end. */
async function program(options: object, text: string): Promise<string> {
  const script = `import { RefreshableSession } from ${JSON.stringify(built)};
    const options = ${JSON.stringify(options)};
    ${text}`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    timeout: LATE_MS,
  });
  return stdout.trim();
}

describe.skipIf(noSoftHsm !== undefined)(`a key in a PKCS#11 token ${noSoftHsm ?? ""}`, () => {
  test.each(["ec", "rsa"] as const)("%s: gives credentials that services take", async (key) => {
    const session = open(key);
    const s3 = session.client(S3Client, standIn.s3);
    expect((await s3.send(new ListBucketsCommand({}))).$metadata.httpStatusCode).toBe(200);
    expect(session.status().lifetime).toBeGreaterThan(3500);
    session.close();
  });

  test("certificates are taken as bytes, and out of a text that has a key in it too", async () => {
    const { certificate, privateKey } = standIn.iot;
    const both = Buffer.concat([readFileSync(privateKey), readFileSync(certificate)]);
    await expect(open("ec", {}, { certificate: both }).credentials()).resolves.toBeTruthy();
  });

  test("the slot may name the token", async () => {
    const options = { tokenLabel: undefined, slotId };
    await expect(open("ec", options).credentials()).resolves.toBeTruthy();
    const failure = await failureOf(open("ec", { slotId: 7 }).refresh());
    expect(failure.message).toContain("NOT_FOUND");
  });

  // defect X7: each refresh built an event loop and a TLS context
  test("one library for all, one context for each session", async () => {
    const contexts = countMade("ClientTlsContext");
    const libraries = countMade("Pkcs11Lib");
    const bootstraps = countMade("ClientBootstrap");
    for (const key of ["ec", "rsa"] as const) {
      const session = open(key);
      for (let turn = 0; turn < 5; turn++) await session.refresh();
    }
    expect(contexts()).toBe(2);
    expect(libraries()).toBeLessThanOrEqual(2); // one, and what begins and ends it
    expect(bootstraps()).toBe(0); // the one of the process
  });

  // what is not closed is never given back
  test("each connection ends with its refresh, failed or not", async () => {
    const { HttpClientConnection, HttpClientConnectionManager } = loadCrt().http;
    const closed = vi.spyOn(HttpClientConnection.prototype, "close");
    const released = vi.spyOn(HttpClientConnectionManager.prototype, "release");
    const managers = vi.spyOn(HttpClientConnectionManager.prototype, "close");
    const session = open();
    await session.refresh();
    await standIn.inject({ kind: "reset", alias: standIn.iot.roleAlias });
    await failureOf(session.refresh());
    await standIn.clearFaults();
    await vi.waitFor(() => {
      for (const calls of [closed, released, managers]) expect(calls).toHaveBeenCalledTimes(2);
    }, PATIENT);
  });

  test.each([{ tokenLabel: "no-such-token" }, { privateKeyLabel: "no-such-key" }])(
    "%o is told, and may pass",
    async (changes) => {
      const failure = await failureOf(open("ec", changes).refresh());
      expect(failure).toMatchObject({ code: "source", class: "recoverable" });
      expect(failure.message).toMatch(/pkcs11.* \(AWS_\w*NOT_FOUND\)/);
      expect(shown(failure)).not.toContain(PIN);
    },
  );

  // in a process of its own: to one that is logged in already, SoftHSM says yes to any PIN
  test("a wrong PIN is tried once, and not shown", async () => {
    const options = tokenSession(standIn, "ec", { userPin: WRONG_PIN });
    const text = `
      import { createRequire } from "node:module";
      import { inspect } from "node:util";
      const { io } = createRequire(${JSON.stringify(built)})("aws-iot-device-sdk-v2");
      let made = 0;
      const { ClientTlsContext } = io;
      io.ClientTlsContext = class extends ClientTlsContext {
        constructor(...given) { made++; super(...given); }
      };
      const session = new RefreshableSession(options);
      const errors = [];
      for (let turn = 0; turn < 4; turn++) errors.push(await session.refresh().catch((e) => e));
      const mqtt = { endpoint: "x-ats.iot.us-east-1.amazonaws.com", clientId: "me" };
      try { session.mqtt(mqtt); } catch (error) { errors.push(error); }
      const shown = inspect([session, errors], { depth: Infinity, showHidden: true }) + errors.join();
      console.log(JSON.stringify({ made, errors, shown, words: errors.map((e) => e.message) }));`;
    const { made, errors, shown, words } = JSON.parse(await program(options, text)) as {
      made: number;
      errors: object[];
      shown: string;
      words: string[];
    };
    expect(made).toBe(1);
    expect(errors).toHaveLength(5);
    for (const error of errors) expect(error).toMatchObject({ class: "permanent" });
    for (const word of words)
      expect(word).toMatch(/pkcs11.userPin: the token .* refused the PIN .*PIN_INCORRECT/);
    expect(shown).not.toContain(WRONG_PIN);
    expect(JSON.stringify(errors)).not.toContain(WRONG_PIN);
  });

  test("the PIN is not shown by a session, nor by errors over its options", async () => {
    const session = open();
    await session.credentials();
    expect(shown(session)).not.toContain(PIN);
    const { privateKey } = standIn.iot;
    for (const wrong of [{ endpoint: "x" }, { roleAlias: "" }, { privateKey }, { timeout: -1 }]) {
      expect(shown(refusal(wrong))).not.toContain(PIN);
    }
  });

  test("files are read again for each refresh", async () => {
    const certificate = path.join(home, "certificate.pem");
    copyFileSync(standIn.iot.certificate, certificate);
    const session = open("ec", {}, { certificate });
    const first = await session.credentials();
    copyFileSync(standIn.device.certificate, certificate); // not that key's
    expect((await failureOf(session.refresh())).message).toMatch(/\(AWS_\w+\)/);
    expect(await session.credentials()).toBe(first);
    copyFileSync(standIn.iot.certificate, certificate);
    expect(await session.refresh()).not.toBe(first);
  });

  test("the whole process: it ends by itself, also with an eager session", async () => {
    const options = { ...tokenSession(standIn, "rsa"), deferRefresh: false };
    const text = `const session = new RefreshableSession(options);
      await session.credentials();
      await session.refresh();
      console.log(session.status().phase);`;
    expect(await program(options, text)).toBe("fresh");
  });
});

describe.skipIf(noSoftHsm !== undefined)(`what goes wrong ${noSoftHsm ?? ""}`, () => {
  test.each<[string, object, object, RegExp]>([
    ["http", { status: 503 }, { code: "source", class: "recoverable" }, /answered 503/],
    ["access_denied", {}, { code: "source", class: "permanent" }, /answered 403/],
    ["reset", {}, { code: "source", class: "recoverable" }, /no reply .*\(AWS_\w+\)/],
    ["truncated", {}, { code: "malformed" }, /not JSON/],
    ["missing_field", { field: "SecretAccessKey" }, { code: "malformed" }, /secretAccessKey/],
  ])("%s %o", async (kind, more, expected, words) => {
    await standIn.inject({ kind, alias: standIn.iot.roleAlias, ...more });
    const failure = await failureOf(open().refresh());
    expect(failure).toMatchObject(expected);
    expect(failure.message).toMatch(words);
    expect(shown(failure)).not.toMatch(new RegExp(`ASIA|${PIN}`));
  });

  test("a server that hangs: callers are freed at the time-out of the call", async () => {
    await standIn.inject({ kind: "hang", alias: standIn.iot.roleAlias });
    const from = performance.now();
    const failure = await failureOf(open("ec", {}, { timeout: 0.5 }).refresh());
    expect(failure.message).toContain("no reply within 0.5 s");
    expect(performance.now() - from).toBeLessThan(LATE_MS);
  });

  test("so are they where the server does not even shake hands", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const options = { connectTo: { host: "127.0.0.1", port }, timeout: 0.5 };
    const failure = await failureOf(open("ec", {}, options).refresh());
    expect(failure.message).toContain("no reply within 0.5 s");
    server.close();
  });

  // a connection keeps the process alive as long as it is there
  test("a session that is closed ends its request", async () => {
    await standIn.inject({ kind: "hang", alias: standIn.iot.roleAlias });
    const options = { ...tokenSession(standIn, "ec"), timeout: 600 };
    const text = `const session = new RefreshableSession(options);
      const failed = session.credentials().catch((error) => console.log(error.code));
      setTimeout(() => session.close(), 500);
      await failed;`;
    expect(await program(options, text)).toBe("closed");
  });

  // defect X4: a wrong CA was a bare error, after half a minute
  test("a server that nobody vouches for", async () => {
    const failure = await failureOf(
      open("ec", {}, { ca: undefined, timeout: LATE_MS / 1000 }).refresh(),
    );
    expect(failure.message).toMatch(/no reply .*\((SELF_SIGNED|UNABLE_TO)\w+\)/);
    const session = open("ec", {}, { ca: undefined, verifyPeer: false });
    await expect(session.credentials()).resolves.toBeTruthy();
  });

  test("nobody listens", async () => {
    const options = { connectTo: { host: "127.0.0.1", port: 1 } };
    const failure = await failureOf(open("ec", {}, options).refresh());
    expect(failure.message).toContain("(ECONNREFUSED)");
  });

  test("a library that is none", () => {
    const session = open("ec", { pkcs11Lib: standIn.iot.ca });
    return expect(session.credentials()).rejects.toMatchObject({
      class: "permanent",
      message: expect.stringContaining("pkcs11Lib cannot be loaded (AWS_") as string,
    });
  });
});

test.each<[object | string | number, string, RegExp]>([
  [{ pkcs11Lib: "/nowhere" }, "pkcs11.pkcs11Lib", /an existing file/],
  [{ pkcs11Lib: undefined }, "pkcs11.pkcs11Lib", /the path of the PKCS#11 library/],
  [{ userPin: 91827364 }, "pkcs11.userPin", /a non-empty string; got a number/],
  [{ userPin: "" }, "pkcs11.userPin", /a non-empty string/],
  [{ slotId: "91827364" }, "pkcs11.slotId", /a whole number from 0; got a string/],
  [{ slotId: -91827364 }, "pkcs11.slotId", /a whole number from 0; got a number/],
  [{ tokenLabel: 91827364 }, "pkcs11.tokenLabel", /a non-empty string/],
  [{ pin: "91827364" }, "pkcs11", /pin is not known/],
  [{ "91827364": true }, "pkcs11", /another is not known/],
  ["91827364", "pkcs11", /must be an object/],
  [91827364, "pkcs11", /must be an object/],
])("pkcs11: %o is refused by name, and not repeated", (given, parameter, words) => {
  const pkcs11 = typeof given === "object" ? { ...inToken("ec"), ...given } : given;
  const error = refusal({ pkcs11 });
  expect(error).toMatchObject({ parameter });
  expect(error.message).toMatch(words);
  expect(shown(error)).not.toContain("91827364");
});

test("exactly one of privateKey and pkcs11", () => {
  const { privateKey } = standIn.iot;
  expect(refusal({ privateKey }).message).toMatch(/exactly one of .*; got both/);
  expect(refusal({ pkcs11: undefined }).message).toMatch(/exactly one of .*; got neither/);
  expect(refusal({ pkcs11: {} })).toMatchObject({ parameter: "privateKey/pkcs11" });
});

function refusal(changes: object): Error {
  const options = { ...tokenSession(standIn, "ec"), ...changes };
  try {
    new RefreshableSession(options);
  } catch (error) {
    return error as Error;
  }
  throw new Error("the options were taken");
}

test("the runtime is that of the IoT SDK, not another copy of it", () => {
  expect(loadCrt().io.Pkcs11Lib).toBe(io.Pkcs11Lib);
});
