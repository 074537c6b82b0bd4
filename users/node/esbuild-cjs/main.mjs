// A CommonJS bundle for Lambda, as CDK's NodejsFunction makes it by default.
// title: esbuild, CommonJS
// framework: esbuild
// environment: bundlers
import { build } from "esbuild";
import { alone } from "./alone.mjs";

await build({
  entryPoints: ["app.mjs"],
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  outfile: "out/index.js",
});
alone("out", "index.js");
