import { readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Home, root, run } from "./support/package.js";

let home: Home;
beforeAll(async () => {
  home = await (await Home.make()).unpack();
  home.link("@aws-sdk", "@smithy", "@types", "undici-types");
});
afterAll(() => {
  home.remove();
});

const PROGRAM = `
import { S3Client } from "@aws-sdk/client-s3";
import {
  createCredentialChain, fromCognitoIdentity, fromCognitoIdentityPool, fromContainerMetadata, fromEnv,
  fromHttp, fromIni, fromInstanceMetadata, fromNodeProviderChain, fromProcess, fromSSO,
  fromTemporaryCredentials, fromTokenFile, fromWebToken,
} from "@aws-sdk/credential-providers";
import module from "evercreds/evercreds.wasm";
import { memoizeIdentityProvider as memoize } from "@smithy/core";
import {
  EvercredsError, initialize, RefreshableSession,
  type CustomCredentialsMethod, type CustomOptions, type SessionEvents, type SessionOptions, type Status,
} from "evercreds";

const options: SessionOptions = {
  assumeRole: { RoleArn: "arn", RoleSessionName: "app", DurationSeconds: 900 },
  advisoryTimeout: "auto",
  stsClient: { region: "eu-west-1" },
};
export const session: RefreshableSession = new RefreshableSession(options);
export const s3 = new S3Client({ credentials: session.credentials });
s3.middlewareStack.use(session.plugin);
export const kept: S3Client = session.client(S3Client, { region: "eu-west-1" }, { evictionPolicy: "LFU", maxSize: 3 });
export const left: Promise<number> = session
  .credentialsFor({ minTtl: 60, signal: new AbortController().signal })
  .then(({ expiration }) => expiration?.getTime() ?? session.status().remaining);
export const off: () => void = session.on("failure", ({ error, waited }: SessionEvents["failure"]) => {
  const known: EvercredsError = error;
  if (waited && known.code === "timed-out") throw known;
});
const vault: CustomCredentialsMethod = async ({ signal }) => {
  signal.throwIfAborted();
  return { accessKeyId: "a", secretAccessKey: "s", sessionToken: "t", expiration: null };
};
const custom: CustomOptions = { method: "custom", customCredentialsMethod: vault };
// any provider is a source: one of the SDK, one that the SDK has memoized, another session
export const sources: CustomCredentialsMethod[] = [
  fromNodeProviderChain(), fromHttp({}), fromProcess(), fromSSO(), fromIni(), fromTokenFile(),
  fromEnv(), fromContainerMetadata(), fromInstanceMetadata(), createCredentialChain(fromEnv(), fromHttp({})),
  fromTemporaryCredentials({ params: { RoleArn: "arn" } }), fromWebToken({ roleArn: "arn", webIdentityToken: "t" }),
  fromCognitoIdentity({ identityId: "i" }), fromCognitoIdentityPool({ identityPoolId: "p" }),
  memoize(fromEnv(), (set) => set.expiration !== undefined, () => true)!, session.credentials,
  () => fromHttp({})(), ({ prompted }) => (prompted(), fromEnv()()),
  () => ({ accessKey: "a", secretKey: "s", token: "t", expiryTime: "2030-01-01T00:00:00Z" }),
];
export const device = new RefreshableSession({
  method: "iot", endpoint: "e", roleAlias: "r", certificate: new Uint8Array(), privateKey: "k",
});
export const child = new RefreshableSession({ assumeRole: { RoleArn: "arn" }, stsClient: { credentials: session.credentials } });
export async function use(bytes: Uint8Array<ArrayBuffer>): Promise<Status> {
  initialize({ module: bytes });
  initialize({ module });
  using own = new RefreshableSession(options);
  await using other = new RefreshableSession(custom);
  const { Arn } = await other.whoami();
  console.log(Arn);
  return own.status();
}
// @ts-expect-error half of one shape and half of the other
new RefreshableSession({ method: "custom", customCredentialsMethod: () => ({ accessKey: "a", secretAccessKey: "s" }) });
// @ts-expect-error no source without its function
new RefreshableSession({ method: "custom", assumeRole: { RoleArn: "arn" } });
// @ts-expect-error an option that does not exist
new RefreshableSession({ assumeRole: { RoleArn: "arn" }, advisory_timeout: 900 });
// @ts-expect-error credentials are the session's
session.client(S3Client, { credentials: session.credentials });
// @ts-expect-error a session that assumes a role needs to know which
new RefreshableSession({ method: "sts" });
// @ts-expect-error no such event
session.on("refreshed", () => undefined);
`;

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

/** What the programs of the README leave to the reader, by what they call it. */
const SURROUNDINGS = {
  RefreshableSession: 'import { RefreshableSession } from "evercreds";',
  getSignedUrl: 'import { getSignedUrl } from "@aws-sdk/s3-request-presigner";',
  GetObjectCommand: 'import { GetObjectCommand } from "@aws-sdk/client-s3";',
  object: "declare const object: { Bucket: string; Key: string };",
  S3Client: 'import { S3Client } from "@aws-sdk/client-s3";',
  ListBucketsCommand: 'import { ListBucketsCommand } from "@aws-sdk/client-s3";',
  session: "declare const session: import('evercreds').RefreshableSession;",
  client: "declare const client: import('@aws-sdk/client-s3').S3Client;",
  metrics: "declare const metrics: { count(name: string): void };",
  vault: `interface Lease { accessKey: string; secretKey: string; token: string; expiry: Date }
    declare const vault: { read(path: string, options: { signal: AbortSignal }): Promise<Lease> };`,
};

/** The programs of the README, each with what it needs. */
function programsOfReadme(): string[] {
  const text = readFileSync(path.join(root, "README.md"), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, body = ""]) => {
    const needed = Object.entries(SURROUNDINGS).filter(([name]) => {
      const own = new RegExp(`(const |import .*\\b)${name}\\b`).test(body);
      return new RegExp(`\\b${name}\\b`).test(body) && !own;
    });
    return [...needed.map(([, line]) => line), body, "export {};"].join("\n");
  });
}

/**
 * Compiles one program under several names, as strictly as can be, declarations of packages included.
 * Those of the SDK need Node's, wherever the program is to run.
 */
async function compile(files: string[], settings: object, program = PROGRAM): Promise<string> {
  for (const file of files) home.write(file, program);
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ noEmit: true, target: "es2022", skipLibCheck: false, types: ["node"] },
    ...{ lib: ["es2022", "dom", "esnext.disposable"] },
    ...settings,
  };
  const config = home.write(`${files.join("-")}.json`, JSON.stringify({ compilerOptions, files }));
  return run(process.execPath, [tsc, "-p", config], { cwd: home.path }).then(
    () => "",
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

describe("strict programs compile on the packed types, which are checked too", () => {
  const node = { lib: ["es2022", "esnext.disposable"] };
  test.each<[string, string[], object]>([
    ["ESM and CJS under nodenext", ["esm.mts", "cjs.cts"], { module: "nodenext" }],
    [
      "ESM and CJS in Node, without the browser's types",
      ["node.mts", "node.cts"],
      { module: "nodenext", ...node },
    ],
    ["a bundler", ["page.ts"], { module: "esnext", moduleResolution: "bundler" }],
    [
      "a bundler, with the conditions of an edge runtime",
      ["edge.ts"],
      { module: "esnext", moduleResolution: "bundler", customConditions: ["workerd", "worker"] },
    ],
  ])("%s", async (_name, files, settings) => {
    expect(await compile(files, settings)).toBe("");
  });

  test("those of the README", async () => {
    const programs = programsOfReadme();
    expect(programs.length).toBeGreaterThan(7);
    home.write(
      "wasm.d.ts",
      'declare module "evercreds/evercreds.wasm" { const url: string; export default url; }',
    );
    const names = programs.map((program, i) => {
      home.write(`readme-${i}.ts`, program);
      return `import "./readme-${i}.js";`;
    });
    const all = `/// <reference path="./wasm.d.ts" />\n${names.join("\n")}`;
    // Some are for who has installed an optional peer, or a client of a store, whose own
    // types are not checked here.
    for (const name of ["aws-iot-device-sdk-v2", "redis", "@redis"]) {
      const peer = path.join("node_modules", name);
      symlinkSync(path.join(root, peer), path.join(home.path, peer));
    }
    const settings = { module: "esnext", moduleResolution: "bundler", skipLibCheck: true };
    expect(await compile(["readme.ts"], settings, all)).toBe("");
  });

  test("a mistake in the program is found, so the types are read", async () => {
    const broken = await compile(["esm.mts"], { module: "nodenext", types: ["nothing-like-it"] });
    expect(broken).toContain("nothing-like-it");
  });
});
