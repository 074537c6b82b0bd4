import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../src/library/version.js";
import { Home, root, run } from "./support/package.js";

let home: Home;
beforeAll(async () => {
  home = await (await Home.make()).unpack();
});
afterAll(() => {
  home.remove();
});

const USE = `
const set = { accessKey: "AKIA", secretKey: "s", token: "t", expiryTime: null };
const session = new RefreshableSession({ method: "custom", customCredentialsMethod: () => set });
session.credentials().then(({ accessKeyId }) => console.log(accessKeyId));
`;

test("the version in the code is the package's", () => {
  const about = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as object;
  expect(about).toMatchObject({ version: VERSION });
});

// `npx vitest run package -u` renews the list
test("the list of what is published", async () => {
  const { stdout } = await run("tar", ["-tzf", home.tarball]);
  const files = stdout.split("\n").filter((file) => file !== "");
  const list = files.map((file) => file.replace("package/", "")).sort();
  await expect(`${list.join("\n")}\n`).toMatchFileSnapshot("../etc/package-files.txt");
});

test("nothing runs at installation, and nothing but peers comes along", () => {
  const file = path.join(home.path, "node_modules/evercreds/package.json");
  const about = JSON.parse(readFileSync(file, "utf8")) as Record<string, object | undefined>;
  expect(about["dependencies"]).toBeUndefined();
  expect(about["optionalDependencies"]).toBeUndefined();
  const scripts = Object.keys(about["scripts"] ?? {});
  expect(scripts.filter((name) => /install|prepare|publish/.test(name))).toEqual([]);
});

test("ESM: import, and the process ends by itself", async () => {
  const text = `import { RefreshableSession } from "evercreds";${USE}`;
  expect(await home.program("use.mjs", text)).toBe("AKIA");
});

test("CJS: require, and the process ends by itself", async () => {
  const text = `const { RefreshableSession } = require("evercreds");${USE}`;
  expect(await home.program("use.cjs", text)).toBe("AKIA");
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
  expect(await home.program("eager.mjs", text)).toBe("fresh");
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
  expect(await home.program("both.mjs", text)).toBe("false 1");
});

test("without @aws-sdk/client-sts, method sts says what to install; custom needs nothing", async () => {
  const text = `import { RefreshableSession } from "evercreds";
    const session = new RefreshableSession({ assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/app" } });
    await session.credentials().catch((error) => console.log(error.message));`;
  expect(await home.program("peerless.mjs", text)).toContain("npm install @aws-sdk/client-sts");
});

/** What users of CDK and others put before a bundle of ESM, for what it has of CommonJS. */
const BANNER = `
  import { createRequire } from 'module';
  import path from 'path';
  import { fileURLToPath } from 'url';
  const require = createRequire(import.meta.url);
  const __filename = fileURLToPath(import.meta.url);
  const __dirname = path.dirname(__filename);`;

test.each([
  ["a CommonJS program, as CJS", "use.cjs", { format: "cjs" }],
  ["an ESM program, as CJS", "use.mjs", { format: "cjs" }],
  ["an ESM program, as ESM", "use.mjs", { format: "esm" }],
  ["an ESM program, as ESM with the banner", "use.mjs", { format: "esm", banner: { js: BANNER } }],
  ["an ESM program, minified", "use.mjs", { format: "esm", minify: true }],
  [
    "an ESM program, as CJS by main fields",
    "use.mjs",
    { format: "cjs", mainFields: ["module", "main"] },
  ],
] satisfies [string, string, BuildOptions][])(
  "esbuild bundles %s: the one file is all that it needs",
  async (_name, entry, options) => {
    const program = entry.endsWith(".cjs")
      ? `const { RefreshableSession } = require("evercreds");${USE}`
      : `import { RefreshableSession } from "evercreds";${USE}`;
    const { outputFiles, warnings } = await build({
      entryPoints: [home.write(`bundled-${entry}`, program)],
      bundle: true,
      platform: "node",
      external: ["@aws-sdk/client-sts"],
      write: false,
      logLevel: "silent",
      ...options,
    });
    expect(outputFiles).toHaveLength(1);
    // import.meta has no URL in CommonJS, and what asks for it does without
    expect(warnings.filter(({ id }) => id !== "empty-import-meta")).toEqual([]);
    const alone = mkdtempSync(path.join(tmpdir(), "evercreds bundle-"));
    const file = path.join(alone, options.format === "esm" ? "bundle.mjs" : "bundle.cjs");
    writeFileSync(file, outputFiles[0]?.contents ?? "");
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: alone });
    rmSync(alone, { recursive: true });
    expect([stdout.trim(), stderr]).toEqual(["AKIA", ""]);
  },
);

const UNCAUGHT = `
const fails = () => { throw new Error("the vault is shut"); };
const options = process.argv[2] === "argument" ? { maxWait: -1 } : { maxWait: 0 };
const given = { method: "custom", customCredentialsMethod: fails, ...options };
const secret = { secretKey: 7 };
if (process.argv[2] === "reply") given.customCredentialsMethod = () => secret;
await_(new RefreshableSession(given).credentials());
function await_(promise) { promise.then(console.log, (error) => { setImmediate(() => { throw error; }); }); }
`;

test.each(["ESM", "CJS", "minified"])(
  "%s: Node heads an uncaught error by its public name",
  async (form) => {
    const isCjs = form === "CJS";
    const program = isCjs
      ? `const { RefreshableSession } = require("evercreds");${UNCAUGHT}`
      : `import { RefreshableSession } from "evercreds";${UNCAUGHT}`;
    let file = home.write(`uncaught-${form}.${isCjs ? "cjs" : "mjs"}`, program);
    if (form === "minified") {
      const outfile = path.join(home.path, "uncaught-min.mjs");
      const external = ["@aws-sdk/client-sts"];
      const how: BuildOptions = { bundle: true, platform: "node", format: "esm", minify: true };
      await build({ ...how, entryPoints: [file], outfile, external, logLevel: "silent" });
      file = outfile;
    }
    for (const [what, header] of [
      ["source", /^EvercredsError: /m],
      ["argument", /^EvercredsValidationError: /m],
      ["reply", /\[cause\]: SourceFailure: /],
    ] as const) {
      const { stderr } = await run(process.execPath, [file, what]).then(
        () => ({ stderr: "it did not fail" }),
        (error: unknown) => error as { stderr: string },
      );
      const text = stderr.split("\n").filter((line) => !/^\s+at /.test(line));
      expect(text.join("\n")).toMatch(header);
      expect(stderr).not.toMatch(/_Evercreds|^\w{1,2}: |\[cause\]: \w{1,2}: /m);
    }
  },
);

test("no bundler follows the way to the stores, whose packages programs may lack", async () => {
  const entry = home.write(
    "lone.mjs",
    `import { RefreshableSession } from "evercreds"; console.log(RefreshableSession);`,
  );
  // as webpack and Turbopack do, which follow a createRequire as well
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["@aws-sdk/client-sts"],
    write: false,
    logLevel: "silent",
  });
  const text = outputFiles[0]?.text;
  expect(text).toContain("cannot load evercreds/share");
  expect(text).not.toMatch(/\(\s*["'`]evercreds\/share["'`]/);
});

test("a bundle without Node's condition: the first error says what to give", async () => {
  const entry = home.write(
    "page.mjs",
    `import { RefreshableSession } from "evercreds";
    try { new RefreshableSession({ method: "custom", customCredentialsMethod: () => ({}) }); }
    catch (error) { console.log(error.code, error.message); }`,
  );
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "browser",
    external: ["@aws-sdk/client-sts"],
    write: false,
  });
  const told = await home.program("page-bundle.mjs", outputFiles[0]?.text ?? "");
  expect(told).toMatch(/^configuration .*condition "node": esbuild --platform=node/);
});

test.each(["workerd", "edge-light"])(
  "a bundle for %s without a rule for .wasm: the first error says what to write, which helps",
  async (condition) => {
    const edge: BuildOptions = {
      entryPoints: [home.write("edge.mjs", 'export * from "evercreds";')],
      bundle: true,
      format: "esm",
      conditions: [condition],
      external: ["@aws-sdk/client-sts"],
      outdir: path.join(home.path, condition),
      logLevel: "silent",
      write: false,
    };
    const failed: unknown = await build(edge).catch((error: unknown) => error);
    const { errors } = failed as { errors: { location: { lineText: string } }[] };
    expect(errors.map(({ location }) => location.lineText)).toEqual([
      expect.stringMatching(/^"\.\/evercreds\.wasm.*"; \/\/ esbuild: --loader:\.wasm=copy$/),
    ]);
    const { outputFiles = [] } = await build({ ...edge, loader: { ".wasm": "copy" } });
    expect(outputFiles.map(({ path: file }) => path.extname(file)).sort()).toEqual([
      ".js",
      ".wasm",
    ]);
  },
);
