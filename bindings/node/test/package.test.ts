import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../src/version.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
let home: string;

/** An empty directory with the package as npm would publish it, and no peer. */
beforeAll(async () => {
  if (!existsSync(path.join(root, "dist/index.mjs"))) {
    throw new Error("there is no dist/: run `npm run build` first");
  }
  home = mkdtempSync(path.join(tmpdir(), "evercreds-package-"));
  await run("npm", ["pack", "--silent", "--pack-destination", home], { cwd: root });
  const target = path.join(home, "node_modules/evercreds");
  mkdirSync(target, { recursive: true });
  const tarball = path.join(home, `evercreds-${VERSION}.tgz`);
  await run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

/** Runs a program in that directory. */
async function program(name: string, text: string): Promise<string> {
  const file = path.join(home, name);
  writeFileSync(file, text);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: home });
  expect(stderr).toBe("");
  return stdout.trim();
}

const USE = `
const set = { accessKey: "AKIA", secretKey: "s", token: "t", expiryTime: null };
const session = new RefreshableSession({ method: "custom", customCredentialsMethod: () => set });
session.credentials().then(({ accessKeyId }) => console.log(accessKeyId));
`;

test("the version in the code is the package's", () => {
  const about = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as object;
  expect(about).toMatchObject({ version: VERSION });
});

test("ESM: import, and the process ends by itself", async () => {
  const text = `import { RefreshableSession } from "evercreds";${USE}`;
  expect(await program("use.mjs", text)).toBe("AKIA");
});

test("CJS: require, and the process ends by itself", async () => {
  const text = `const { RefreshableSession } = require("evercreds");${USE}`;
  expect(await program("use.cjs", text)).toBe("AKIA");
});

test("an eager session does not keep a process from ending", async () => {
  const text = `import { RefreshableSession } from "evercreds";
    const expiry = () => new Date(Date.now() + 3600_000);
    const session = new RefreshableSession({
      method: "custom",
      deferRefresh: false,
      customCredentialsMethod: () => ({ accessKey: "AKIA", secretKey: "s", token: "t", expiryTime: expiry() }),
    });
    await session.credentials();
    console.log(session.status().phase);`;
  expect(await program("eager.mjs", text)).toBe("fresh");
});

test("ESM and CJS in one process share one instance of the module", async () => {
  const text = `import { createRequire } from "node:module";
    import * as esm from "evercreds";
    const instances = [];
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (...args) { instances.push(1); return new Instance(...args); };
    const cjs = createRequire(import.meta.url)("evercreds");
    const options = { method: "custom", customCredentialsMethod: () => ({}) };
    new esm.RefreshableSession(options);
    new cjs.RefreshableSession(options);
    console.log(esm.RefreshableSession === cjs.RefreshableSession, instances.length);`;
  expect(await program("both.mjs", text)).toBe("false 1");
});

test("worker threads have sessions of their own", async () => {
  const text = `import { Worker, isMainThread, parentPort } from "node:worker_threads";
    import { RefreshableSession } from "evercreds";
    const set = { accessKey: "AKIA", secretKey: "s", token: "t", expiryTime: null };
    const session = new RefreshableSession({ method: "custom", customCredentialsMethod: () => set });
    const { accessKeyId } = await session.credentials();
    if (!isMainThread) parentPort.postMessage(accessKeyId);
    else new Worker(new URL(import.meta.url)).once("message", (key) => console.log(accessKeyId, key));`;
  expect(await program("workers.mjs", text)).toBe("AKIA AKIA");
});

test("without @aws-sdk/client-sts, method sts says what to install; custom needs nothing", async () => {
  const text = `import { RefreshableSession } from "evercreds";
    const session = new RefreshableSession({ assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/app" } });
    await session.credentials().catch((error) => console.log(error.message));`;
  expect(await program("peerless.mjs", text)).toContain("npm install @aws-sdk/client-sts");
});

test("the types serve both kinds of modules", async () => {
  symlinkSync(path.join(root, "node_modules/@aws-sdk"), path.join(home, "node_modules/@aws-sdk"));
  symlinkSync(path.join(root, "node_modules/@smithy"), path.join(home, "node_modules/@smithy"));
  const body = `
    const session = new RefreshableSession({ assumeRole: { RoleArn: "arn" }, advisoryTimeout: "auto" });
    export const s3 = new S3Client({ credentials: session.credentials });
    s3.middlewareStack.use(session.plugin);
    export const kept: S3Client = session.client(S3Client, { region: "eu-west-1" }, { maxSize: 3 });
    export const left: Promise<number> = session.credentialsFor({ minTtl: 60 }).then(() => session.status().remaining);
    // @ts-expect-error an option that does not exist
    new RefreshableSession({ assumeRole: { RoleArn: "arn" }, advisory_timeout: 900 });`;
  const imports = `import { RefreshableSession } from "evercreds";\nimport { S3Client } from "@aws-sdk/client-s3";`;
  writeFileSync(path.join(home, "types.mts"), imports + body);
  writeFileSync(path.join(home, "types.cts"), imports + body);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "nodenext",
    types: [],
    lib: ["es2023", "dom", "esnext.disposable"],
    skipLibCheck: true,
  };
  const config = { compilerOptions, files: ["types.mts", "types.cts"] };
  writeFileSync(path.join(home, "tsconfig.json"), JSON.stringify(config));
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", home]).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
}, 60_000);

test("a bundle for browsers has nothing of Node's in it, and is given the module", async () => {
  const entry = path.join(home, "page.mjs");
  const text = `import { initialize, RefreshableSession } from "evercreds";
    globalThis.start = (module) => { if (module) initialize(module); ${USE} };`;
  writeFileSync(entry, text);
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    platform: "browser",
    external: ["@aws-sdk/client-sts"],
    write: false,
    logLevel: "silent", // it warns of import.meta in a script
  });
  const bundle = outputFiles[0]?.text ?? "";
  expect(bundle).not.toContain("node:");
  writeFileSync(path.join(home, "page.cjs"), bundle);
  const host = `require("./page.cjs");
    try { start(); } catch (error) { console.log(error.message); }
    start(require("node:fs").readFileSync("node_modules/evercreds/dist/evercreds.wasm"));`;
  const lines = (await program("host.cjs", host)).split("\n");
  expect(lines).toEqual([expect.stringContaining("initialize(module)"), "AKIA"]);
});

test("what is published", async () => {
  const { stdout } = await run("tar", ["-tzf", path.join(home, `evercreds-${VERSION}.tgz`)]);
  const files = stdout.split("\n").filter((file) => !file.startsWith("package/dist/types/"));
  expect(files.filter((file) => file !== "").sort()).toEqual([
    "package/LICENSE",
    "package/README.md",
    "package/dist/evercreds.wasm",
    "package/dist/index.cjs",
    "package/dist/index.mjs",
    "package/dist/platform-node.cjs",
    "package/dist/platform-node.mjs",
    "package/dist/platform-none.cjs",
    "package/dist/platform-none.mjs",
    "package/dist/replay.mjs",
    "package/package.json",
  ]);
});
