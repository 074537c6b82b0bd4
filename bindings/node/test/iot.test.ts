import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { IotOptions } from "../src/index.js";
import { LATE_MS } from "./support/patience.js";
import { StandIn } from "./support/stand-in.js";
import { run, built } from "./support/package.js";
import { failureOf } from "./support/session.js";

let standIn: StandIn;
let home: string;
beforeAll(async () => {
  standIn = await StandIn.start();
  home = mkdtempSync(path.join(tmpdir(), "evercreds-iot-"));
});
afterAll(async () => {
  await standIn.stop();
  rmSync(home, { recursive: true });
});
afterEach(async () => {
  await standIn.clearFaults();
});

const open = (options: Partial<IotOptions> = {}) =>
  new RefreshableSession({ ...standIn.iot, maxWait: 0, ...options });

describe("the credentials provider of AWS IoT", () => {
  test("gives credentials that services take, once for all who wait", async () => {
    const session = open();
    const { roleAlias } = standIn.iot;
    const before = await standIn.asked(roleAlias);
    const sets = await Promise.all(Array.from({ length: 500 }, () => session.credentials()));
    expect(new Set(sets).size).toBe(1);
    expect((await standIn.asked(roleAlias)).attempts).toBe(before.attempts + 1);
    expect(session.status().lifetime).toBeGreaterThan(3500);
    const s3 = session.client(S3Client, standIn.s3);
    expect((await s3.send(new ListBucketsCommand({}))).$metadata.httpStatusCode).toBe(200);
    session.close();
  });

  test("is asked again after a service rejected its credentials", async () => {
    const session = open();
    const s3 = session.client(S3Client, standIn.s3);
    const { accessKeyId } = await session.credentials();
    await standIn.revoke(accessKeyId);
    await s3.send(new ListBucketsCommand({}));
    expect((await session.credentials()).accessKeyId).not.toBe(accessKeyId);
  });

  test.each<[string, () => Partial<IotOptions>]>([
    ["paths", () => standIn.device],
    ["text", () => mapped((file) => readFileSync(file, "utf8"))],
    ["bytes", () => mapped((file) => readFileSync(file))],
  ])("takes certificates as %s", async (_name, options) => {
    await expect(open(options()).credentials()).resolves.toHaveProperty("sessionToken");
  });

  test("whoami needs no region: the endpoint tells it", async () => {
    const { endpoint } = standIn.client;
    expect((await open({ stsClient: { endpoint } }).whoami()).Arn).toContain("assumed-role");
  });

  test("files are read again for each refresh, and a bad one spares what is held", async () => {
    const [certificate, privateKey] = [path.join(home, "c.pem"), path.join(home, "k.pem")];
    const place = (from: { certificate: string; privateKey: string }) => {
      copyFileSync(from.certificate, certificate);
      copyFileSync(from.privateKey, privateKey);
    };
    place(standIn.iot);
    const session = open({ certificate, privateKey });
    const first = await session.credentials();
    copyFileSync(standIn.device.certificate, certificate); // half of the new pair
    await expect(session.refresh()).rejects.toMatchObject({
      class: "recoverable",
      message: expect.stringContaining("privateKey must be the key of certificate") as string,
    });
    expect(await session.credentials()).toBe(first);
    place(standIn.device);
    expect((await session.refresh()).accessKeyId).not.toBe(first.accessKeyId);
  });

  test("the certificate is replaced, a refresh comes, then the key is: it waits for that", async () => {
    const [certificate, privateKey] = [path.join(home, "c2.pem"), path.join(home, "k2.pem")];
    copyFileSync(standIn.iot.certificate, certificate);
    copyFileSync(standIn.iot.privateKey, privateKey);
    const session = open({ certificate, privateKey });
    const chain = readFileSync(standIn.device.certificate, "utf8");
    writeFileSync(certificate, `${chain}${chain.slice(0, -30)}`); // it is being written
    const refreshed = session.refresh();
    await new Promise((resolve) => setTimeout(resolve, 100));
    writeFileSync(certificate, chain);
    copyFileSync(standIn.device.privateKey, privateKey);
    await expect(refreshed).resolves.toHaveProperty("sessionToken");
  });

  // ./task devices has more of them
  test("refreshes while the files are replaced all the time: none fails", async () => {
    const refreshes = Number(process.env["EVERCREDS_REFRESHES"] ?? 40);
    const [certificate, privateKey] = [path.join(home, "c3.pem"), path.join(home, "k3.pem")];
    const pairs = [standIn.iot, standIn.device].map((from) => [
      [certificate, readFileSync(from.certificate)] as const,
      [privateKey, readFileSync(from.privateKey)] as const,
    ]);
    const put = (pair: (typeof pairs)[number]) => {
      for (const [to, text] of pair) writeFileSync(to, text);
    };
    put(pairs[0] ?? []);
    const session = open({ certificate, privateKey, timeout: 60 });
    const text = `
      const { writeFileSync } = require("node:fs");
      const pairs = ${JSON.stringify(pairs.map((pair) => pair.map(([to, text]) => [to, text.toString()])))};
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, Math.random() * ms));
      (async () => {
        for (let turn = 0; ; turn++)
          // for a moment they do not match; mostly they do
          for (const [at, [to, text]] of pairs[turn % 2].entries()) {
            writeFileSync(to, text);
            await pause(at === 0 ? 3 : 15);
          }
      })();`;
    const rotation = spawn(process.execPath, ["--eval", text], { stdio: "inherit" });
    const failures: unknown[] = [];
    for (let turn = 0; turn < refreshes; turn++) {
      await session.refresh().catch((error: unknown) => failures.push(error));
    }
    rotation.kill();
    await once(rotation, "exit");
    expect(failures).toEqual([]);
    expect(refreshes).toBeGreaterThan(0);
  }, 600_000);

  test("a data endpoint, the usual mistake, is put right with a warning", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const endpoint = standIn.iot.endpoint.replace(".credentials", "-ats");
    await expect(open({ endpoint }).credentials()).resolves.toHaveProperty("sessionToken");
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("data endpoint"), "EvercredsWarning");
    warn.mockRestore();
  });
});

// defect X7: every refresh made all of it anew, which is most of its time
test("the TLS context is the same one until a file changes", async () => {
  const contexts = vi.spyOn(tls, "createSecureContext");
  const certificate = path.join(home, "kept.pem");
  copyFileSync(standIn.iot.certificate, certificate);
  const session = open({ certificate });
  for (let turn = 0; turn < 4; turn++) await session.refresh();
  expect(contexts).toHaveBeenCalledTimes(1);
  writeFileSync(certificate, `\n${readFileSync(certificate, "utf8")}`);
  await session.refresh();
  expect(contexts).toHaveBeenCalledTimes(2);
  contexts.mockRestore();
});

test("durationSeconds and thingName are sent, where they are given", async () => {
  const heads: http.IncomingHttpHeaders[] = [];
  const { iot } = standIn;
  const server = https.createServer(
    { cert: readFileSync(iot.certificate), key: readFileSync(iot.privateKey) },
    (request, reply) => {
      heads.push(request.headers);
      reply.end("{}");
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const options = { connectTo: { host: "127.0.0.1", port }, verifyPeer: false };
  for (const more of [{}, { durationSeconds: 900, thingName: "me" }]) {
    expect(await failureOf(open({ ...options, ...more }).credentials())).toMatchObject({
      code: "malformed",
    });
  }
  const name = "x-amzn-iot-credential-duration-seconds";
  expect(heads.map((head) => head[name])).toEqual([undefined, "900"]);
  expect(heads.map((head) => head["x-amzn-iot-thingname"])).toEqual([undefined, "me"]);
  expect(heads[0]).toMatchObject({ host: iot.endpoint });
  server.close();
});

test("with verifyPeer: false a server needs nobody to vouch for it", async () => {
  const options = { ca: undefined, verifyPeer: false };
  await expect(open(options).credentials()).resolves.toHaveProperty("sessionToken");
});

test("a hanging refresh for which nobody waits does not hold the process up", async () => {
  await standIn.inject({ kind: "hang", alias: standIn.iot.roleAlias });
  const text = `
    import { RefreshableSession } from ${JSON.stringify(built)};
    const session = new RefreshableSession({ ...${JSON.stringify(standIn.iot)}, deferRefresh: false, timeout: 600 });
    setTimeout(() => console.log(session.status().refreshing), 500);`;
  const args = ["--input-type=module", "--eval", text];
  const { stdout } = await run(process.execPath, args, { timeout: LATE_MS });
  expect(stdout.trim()).toBe("true");
});

test("worker threads have sessions of their own", async () => {
  const text = `
    import { parentPort } from "node:worker_threads";
    import { RefreshableSession } from ${JSON.stringify(built)};
    const session = new RefreshableSession(${JSON.stringify(standIn.iot)});
    const { accessKeyId } = await session.credentials();
    parentPort.postMessage(accessKeyId);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(text)}`);
  const [key, again] = (await Promise.all(
    [1, 2].map(async () => {
      const worker = new Worker(url);
      const ended = once(worker, "exit"); // which may come in the same turn as the message
      const [message] = (await once(worker, "message")) as [string];
      expect(await ended).toEqual([0]);
      return message;
    }),
  )) as [string, string];
  expect(key).toMatch(/^ASIA/);
  expect(again).not.toBe(key);
});

describe("what goes wrong", () => {
  test.each<[string, object, object, RegExp]>([
    ["http", { status: 503 }, { code: "source", class: "recoverable" }, /answered 503/],
    ["throttling", {}, { code: "source", class: "recoverable" }, /answered 429/],
    ["access_denied", {}, { code: "source", class: "permanent" }, /answered 403/],
    ["reset", {}, { code: "source", class: "recoverable" }, /no reply .*\(ECONNRESET\)/],
    ["truncated", {}, { code: "malformed", class: "recoverable" }, /not JSON/],
    ["missing_field", { field: "SecretAccessKey" }, { code: "malformed" }, /secretAccessKey/],
    ["bad_expiration", {}, { code: "malformed" }, /RFC 3339/],
    ["expired", {}, { code: "expired-reply" }, /already expired/],
  ])("%s %o", async (kind, more, expected, words) => {
    await standIn.inject({ kind, alias: standIn.iot.roleAlias, ...more });
    const error = await failureOf(open().credentials());
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(words);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("ASIA");
  });

  test("a server that hangs: callers are freed at the time-out of the call", async () => {
    await standIn.inject({ kind: "hang", alias: standIn.iot.roleAlias });
    const from = performance.now();
    expect((await failureOf(open({ timeout: 0.3 }).credentials())).message).toContain(
      "no reply within 0.3 s",
    );
    expect(performance.now() - from).toBeLessThan(LATE_MS);
  });

  test("a thing that the certificate is not attached to", async () => {
    expect(await failureOf(open({ thingName: "somebody-else" }).credentials())).toMatchObject({
      class: "permanent",
    });
  });

  test("an alias that is not there", async () => {
    expect((await failureOf(open({ roleAlias: "nobody" }).credentials())).message).toContain("404");
  });

  test("a server that nobody vouches for is shown no certificate's key", async () => {
    const error = await failureOf(open({ ca: undefined }).credentials());
    expect(error.message).toMatch(/SELF_SIGNED|UNABLE_TO/);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0"); // nor if the environment is careless
    expect((await failureOf(open({ ca: undefined }).credentials())).message).toMatch(
      /SELF_SIGNED|UNABLE_TO/,
    );
    vi.unstubAllEnvs();
  });

  test("nothing of the key is shown", () => {
    const privateKey = readFileSync(standIn.iot.privateKey, "utf8");
    const line = privateKey.split("\n")[1] ?? "";
    expect(line.length).toBeGreaterThan(40);
    const session = open({ privateKey });
    expect(inspect(session, { depth: Infinity, showHidden: true })).not.toContain(line);
    for (const wrong of [{ certificate: privateKey }, { privateKey: line }, { ca: privateKey }]) {
      expect(shownRefusal({ privateKey, ...wrong })).not.toContain(line);
    }
  });
});

test.each<[keyof IotOptions, unknown, RegExp]>([
  ["endpoint", undefined, /as in ID\.credentials\.iot/],
  ["endpoint", "evil.example.com/.credentials.iot.", /as in ID\.credentials\.iot/],
  ["endpoint", "evil.example.com:8443/.credentials.iot.", /as in ID\.credentials\.iot/],
  ["endpoint", "x".repeat(300), /as in ID\.credentials\.iot/],
  ["roleAlias", undefined, /1 to 128/],
  ["roleAlias", "../x", /1 to 128/],
  ["thingName", "", /1 to 128/],
  ["timeout", 0, /seconds above 0/],
  ["timeout", "10", /seconds above 0/],
  ["verifyPeer", "no", /true or false/],
  ["durationSeconds", 899, /from 900 to 43200; got 899/],
  ["durationSeconds", 900.5, /whole seconds/],
  ["durationSeconds", "900", /whole seconds/],
  ["connectTo", "127.0.0.1", /a host and/],
  ["connectTo", { host: "a", port: 70000 }, /a host and/],
  ["certificate", undefined, /PEM text/],
  ["certificate", "/nowhere", /can be read \(ENOENT\)/],
  ["certificate", "-----BEGIN CERTIFICATE-----\nx", /PEM certificate/],
  ["privateKey", 7, /PEM text/],
  ["privateKey", new Uint8Array(), /PEM text/],
  ["privateKey", "-----BEGIN PRIVATE KEY-----\nx", /PEM private key, not encrypted/],
  ["privateKey", encryptedKey(), /PEM private key, not encrypted/],
  ["ca", "-----BEGIN nothing", /PEM certificates/],
  ["ca", "", /PEM text/],
])("%s = %s is refused by name", (parameter, value, words) => {
  expect(shownRefusal({ [parameter]: value }, parameter)).toMatch(words);
});

test("a key that is not the certificate's is refused", () => {
  const { privateKey } = standIn.device;
  expect(shownRefusal({ privateKey }, "privateKey")).toMatch(/the key of certificate/);
});

function encryptedKey(): string {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return privateKey;
}

function mapped(read: (file: string) => string | Uint8Array): Partial<IotOptions> {
  const { certificate, privateKey, ca } = standIn.iot;
  return { certificate: read(certificate), privateKey: read(privateKey), ca: read(ca) };
}

/** Everything of the error over these options. */
function shownRefusal(options: object, parameter?: string): string {
  try {
    open(options);
  } catch (error) {
    expect(error).toMatchObject({ code: "validation", ...(parameter && { parameter }) });
    return inspect(error, { depth: Infinity, showHidden: true });
  }
  throw new Error("the options were taken");
}
