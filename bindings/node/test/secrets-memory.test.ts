import { readFileSync } from "node:fs";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { CustomCredentials, SessionOptions } from "../src/index.js";
import { withSurroundings } from "../src/session.js";
import { Instances, type Secrets, tracesOf } from "./support/memory.js";
import { CODE, SECRETS, secretive } from "./support/secrets.js";
import { StandIn } from "./support/stand-in.js";
import { freshRuntime } from "./support/wasm.js";

let instances: Instances;
beforeEach(() => {
  instances = new Instances();
});
afterEach(() => {
  instances.stop();
});

const quietly = (call: Promise<unknown>) => call.catch(() => undefined);

test.each<[form: string, (secret: Buffer) => Buffer | string]>([
  ["as it is", (secret) => secret],
  ["in UTF-16", (secret) => Buffer.from(secret.toString("latin1"), "utf16le")],
  ["in hexadecimal", (secret) => secret.toString("hex")],
  ["in Base64", (secret) => secret.toString("base64")],
  ["in Base64", (secret) => Buffer.from(`{"x":"${secret.toString()}"}`).toString("base64")],
])("the scan finds a secret %s, whole or in part", (form, encode) => {
  const runtime = freshRuntime();
  const found = () => tracesOf(SECRETS, instances.memories()[0] ?? Buffer.alloc(0));
  runtime.wipe(); // there is an instance from here on
  for (const [name, secret] of Object.entries(SECRETS)) {
    expect(found()).toEqual([]);
    const bytes = Buffer.from(secret);
    const part = bytes.length < 16 ? bytes : bytes.subarray(3, -2);
    runtime.write(Buffer.from(encode(part)));
    expect(found()).toContain(`${name}, ${form}`);
    runtime.wipe();
  }
});

describe("a custom source's secrets are not in the module's memory", () => {
  test("after refreshes: asked for, forced, early, late and over rejections", async () => {
    const { session, clock, source, set } = secretive();
    await session.credentials();
    await session.refresh();
    session.invalidate();
    await session.credentialsFor({ minTtl: 60 });
    await clock.advance(2_800_000); // into the advisory window
    await session.credentials();
    await clock.settled();
    source.answer = () => clock.sleep(31_000).then(() => set());
    const late = quietly(session.refresh());
    await clock.advance(40_000);
    await late;
    expect(session.status().counters).toMatchObject({ installs: 5, lateAnswers: 1 });
    instances.expectNone(SECRETS, 1);
  });

  test("after failures whose every word is a secret", async () => {
    const { session, source, set } = secretive();
    await session.credentials();
    const key = SECRETS["secret key"];
    const error = Object.assign(new Error(key), { name: SECRETS["session token"], code: key });
    const replies: (() => CustomCredentials)[] = [
      () => {
        throw error;
      },
      () => {
        throw Object.assign(new Error(key), { name: CODE, $metadata: { httpStatusCode: 400 } });
      },
      () => set({ expiryTime: SECRETS["session token"] }),
      () => set({ expiryTime: key }),
      () => set({ expiryTime: `2026-01-01T00:00:00${CODE}` }),
      () => set({ expiryTime: new Date(0) }),
      () => set({ token: undefined }),
    ];
    for (const answer of replies) {
      source.answer = answer;
      await expect(session.refresh()).rejects.toBeDefined();
      await expect(session.credentialsFor({ minTtl: 3601 })).rejects.toBeDefined();
      expect(session.status().lastError).toBeDefined();
    }
    instances.expectNone(SECRETS, 1);
  });

  test("after clients were made with secrets in their settings", async () => {
    const { session } = secretive();
    await session.credentials();
    for (const evictionPolicy of ["LRU", "LFU"] as const) {
      for (const region of ["eu-west-1", "eu-west-2", "eu-west-3"]) {
        const settings = { region, customUserAgent: SECRETS["secret key"] };
        session.client(S3Client, settings, { evictionPolicy, maxSize: 2 });
      }
    }
    instances.expectNone(SECRETS, 1);
  });
});

/** What the stand-in told, and sets that it gave. */
async function secretsOf(session: RefreshableSession, name: string): Promise<Secrets> {
  const set = await session.credentials();
  return {
    [`access key of ${name}`]: set.accessKeyId,
    [`secret key of ${name}`]: set.secretAccessKey,
    [`session token of ${name}`]: set.sessionToken,
  };
}

describe("secrets of real calls are not in the module's memory", () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start();
  });
  afterAll(() => standIn.stop());

  const open = (options: SessionOptions) =>
    withSurroundings({ runtime: freshRuntime() }, () => new RefreshableSession(options));

  const base = () => ({ "base secret key": standIn.client.credentials.secretAccessKey });

  test("STS: keys, tokens, codes and external ids, over refreshes and rejections", async () => {
    const codes = [CODE, "827364", "736455"];
    let asked = 0;
    const session = open({
      assumeRole: {
        RoleArn: standIn.role("memory-sts"),
        SerialNumber: "arn:aws:iam::123456789012:mfa/me",
        ExternalId: SECRETS["external id"],
      },
      mfaTokenProvider: () => codes[asked++ % codes.length] ?? "",
      stsClient: standIn.client,
    });
    const s3 = session.client(S3Client, standIn.s3);
    await s3.send(new ListBucketsCommand({}));
    const first = await secretsOf(session, "the first set");
    await standIn.revoke((await session.credentials()).accessKeyId);
    await s3.send(new ListBucketsCommand({}));
    const second = await secretsOf(session, "the second set");
    await standIn.inject({ kind: "access_denied", role: standIn.role("memory-sts") });
    await expect(session.refresh()).rejects.toBeDefined();
    expect(session.status().counters).toMatchObject({ installs: 2, failures: 1, rejections: 1 });
    const named = Object.fromEntries(codes.map((code) => [`code ${code}`, code]));
    instances.expectNone({ ...SECRETS, ...base(), ...first, ...second, ...named }, 1);
    session.close();
  });

  test("what a command for codes prints", async () => {
    const said = `seed ${SECRETS["secret key"]}, old 827364, ${SECRETS["session token"]}\n${CODE}`;
    const session = open({
      assumeRole: {
        RoleArn: standIn.role("memory-command"),
        SerialNumber: "arn:aws:iam::123456789012:mfa/me",
      },
      mfaTokenProvider: [process.execPath, "-e", `console.log(${JSON.stringify(said)})`],
      stsClient: standIn.client,
    });
    const set = await secretsOf(session, "the set");
    instances.expectNone({ ...SECRETS, ...base(), ...set, "old code": "827364" }, 1);
    session.close();
  });

  test("IoT: private keys and certificates, good ones and bad ones", async () => {
    const [privateKey, certificate] = [standIn.iot.privateKey, standIn.iot.certificate].map(
      (file) => readFileSync(file, "utf8"),
    ) as [string, string];
    const body = privateKey.replace(/-----[^-]+-----|\n/g, "");
    const pem = { "private key": body, "private key in DER": Buffer.from(body, "base64") };
    const session = open({ ...standIn.iot, privateKey, certificate });
    const first = await secretsOf(session, "the first set");
    await session.refresh();
    const second = await secretsOf(session, "the second set");
    for (const kind of ["bad_expiration", "access_denied", "truncated"]) {
      await standIn.inject({ kind, alias: standIn.iot.roleAlias });
      await quietly(session.refresh());
    }
    await standIn.clearFaults();
    expect(session.status().counters).toMatchObject({ installs: 2, failures: 3 });
    instances.expectNone({ ...pem, ...first, ...second }, 1);

    // what is in the wrong place is looked at by the module's rules too
    for (const wrong of [
      { endpoint: body.slice(0, 80) },
      { roleAlias: body },
      { ca: privateKey },
    ]) {
      expect(() => open({ ...standIn.iot, ...wrong })).toThrow();
    }
    const pkcs11 = { pkcs11Lib: standIn.iot.ca, userPin: SECRETS["secret key"] };
    const { certificate: own, ...others } = standIn.iot;
    const onToken = open({ ...others, privateKey: undefined, certificate: own, pkcs11 });
    await expect(onToken.credentials()).rejects.toBeDefined();
    instances.expectNone({ ...SECRETS, ...pem }, instances.memories().length);
  });
});
