// An ESM bundle for Lambda, minified, with the banner that gives it a require.
// title: esbuild, ESM
// framework: esbuild
// environment: bundlers
import { build } from "esbuild";
import { alone } from "./alone.mjs";

await build({
  entryPoints: ["app.mjs"],
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  minify: true,
  mainFields: ["module", "main"],
  banner: {
    js: "import { createRequire } from 'module'; const require = createRequire(import.meta.url);",
  },
  outfile: "out/index.mjs",
});
alone("out", "index.mjs");
