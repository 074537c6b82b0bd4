// Builds dist/: one ESM and one CJS file, their types, and the wasm module
// (build/evercreds.wasm of the repository, or where EVERCREDS_WASM points).
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { ENTRIES, rollUp } from "./api.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, "dist");
const wasm = process.env.EVERCREDS_WASM ?? path.join(root, "../../build/evercreds.wasm");

const cases = path.join(root, "../../share/sharetest/cases.json");

if (!existsSync(wasm)) {
  console.error(`no ${wasm}: build the wasm module first, or set EVERCREDS_WASM to it`);
  process.exit(1);
}
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
copyFileSync(wasm, path.join(dist, "evercreds.wasm"));
writeFileSync(
  path.join(dist, "evercreds.wasm.d.ts"),
  `/**
 * The module for \`initialize\`. What an import of it gives is your bundler's choice: the
 * compiled module (Cloudflare, Vercel), its bytes, or its URL.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
declare const module: any;
export default module;
`,
);

/** The module in the code: compressed, as it would be the largest part of a bundle. */
const asText = {
  name: "module-as-text",
  setup(build) {
    // esbuild writes this path into the file: one that is the same wherever it is built
    build.onResolve({ filter: /^evercreds:module-as-text$/ }, () => ({
      path: "evercreds.wasm",
      namespace: "module-as-text",
    }));
    build.onLoad({ filter: /.*/, namespace: "module-as-text" }, () => ({
      contents: brotliCompressSync(readFileSync(wasm), {
        params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
      }).toString("base64"),
      loader: "text",
    }));
  },
};

/** The rules of stores, which all languages share. */
const asCases = {
  name: "store-cases",
  setup(build) {
    build.onResolve({ filter: /^evercreds:store-cases$/ }, () => ({ path: cases }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  packages: "external", // @aws-sdk/client-sts stays a peer
  // package.json chooses one of the files; what bundlers compile is theirs
  external: ["#module", "#platform", "*.wasm", "*.wasm?module"],
  plugins: [asText, asCases],
  platform: "neutral",
  target: "es2022",
  logLevel: "warning",
};
const entries = {
  index: "src/index.ts",
  share: "src/share/index.ts",
  "share-testing": "src/share/testing/index.ts",
};
const platforms = {
  "platform-node": "src/platform/node.ts",
  "platform-none": "src/platform/none.ts",
  "module-node": "src/module/node.ts",
  "module-none": "src/module/none.ts",
};
const edges = {
  "module-workerd": "src/module/workerd.ts",
  "module-edge-light": "src/module/edge-light.ts",
};
await build({
  ...common,
  entryPoints: { ...entries, ...platforms, ...edges },
  format: "esm",
  outdir: dist,
  outExtension: { ".js": ".mjs" },
});

// A bundler without a rule for .wasm fails at this import, and esbuild shows its line, as
// far as it fits: so what to do stands there.
for (const name of Object.keys(edges)) {
  const file = path.join(dist, `${name}.mjs`);
  const told = readFileSync(file, "utf8").replace(
    /^import module from (".*");$/m,
    "import module from\n$1; // esbuild: --loader:.wasm=copy",
  );
  writeFileSync(file, told);
}
await build({
  ...common,
  entryPoints: { ...entries, ...platforms },
  format: "cjs",
  outdir: dist,
  outExtension: { ".js": ".cjs" },
  // import() is require here, as late as it was: Jest and others that run CommonJS in a
  // vm have no import() there
  supported: { "dynamic-import": false },
  // CommonJS has no import.meta, only the file's name
  define: { "import.meta.url": "__evercreds_url" },
  banner: { js: 'const __evercreds_url = require("node:url").pathToFileURL(__filename).href;' },
});

// The executors of scenarios, which are not of the package.
await build({
  ...common,
  entryPoints: {
    "core-executor-node": "test/core-executor.ts",
    "host-executor-node": "test/host-executor/main.ts",
  },
  external: [],
  alias: { "#module": "./src/module/none.ts", "#platform": "./src/platform/node.ts" },
  platform: "node",
  format: "esm",
  outdir: path.join(root, "../../build"),
  outExtension: { ".js": ".mjs" },
});

// One file of declarations for each kind of modules. The modules' own, from which
// they are made, stay out of the package.
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", path.join(root, "tsconfig.types.json")], {
  stdio: "inherit",
});
for (const [name, { entry }] of Object.entries(ENTRIES)) {
  rollUp(path.join(dist, ".types", entry), path.join(dist, `${name}.d.mts`), name);
  copyFileSync(path.join(dist, `${name}.d.mts`), path.join(dist, `${name}.d.cts`));
}
