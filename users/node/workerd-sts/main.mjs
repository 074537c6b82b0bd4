// A worker in workerd assumes a role by itself, and refreshes within requests: an alias has
// the SDK read XML without a DOMParser. Without it, the first error says what to write.
// title: workerd, AssumeRole in the worker
// framework: workerd
// environment: runtimes
// moto: yes
import assert from "node:assert";
import { build } from "esbuild";
import { refreshed } from "./refreshed.mjs";
import { worker } from "./worker.mjs";

const settings = {
  entryPoints: ["assuming.mjs"],
  bundle: true,
  format: "esm",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  loader: { ".wasm": "copy" },
  assetNames: "[name]",
  outfile: "out/worker.mjs",
};

await build(settings);
const without = await worker();
try {
  await assert.rejects(without.ask, /no DOMParser.* an alias: "@aws-sdk\/xml-builder"/);
} finally {
  without.close();
}

await build({
  ...settings,
  // workers have no DOMParser, by which pages read the replies of STS and S3
  alias: { "@aws-sdk/xml-builder": "@aws-sdk/xml-builder/dist-cjs/index.js" },
});
const { ask, close } = await worker();
try {
  await refreshed(() => Promise.all(Array.from({ length: 8 }, ask)));
} finally {
  close();
}
