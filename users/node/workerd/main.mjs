// A worker, bundled by esbuild with the conditions of workerd, runs in workerd itself: the
// session stands outside the handler, and refreshes within requests.
// title: workerd (Cloudflare Workers)
// framework: workerd
// environment: runtimes
// moto: yes
import { build } from "esbuild";
import { backend } from "./backend.mjs";
import { refreshed } from "./refreshed.mjs";
import { worker } from "./worker.mjs";

await build({
  entryPoints: ["edge.mjs"],
  bundle: true,
  format: "esm",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  loader: { ".wasm": "copy" }, // beside the bundle: workerd compiles it, and a worker may not
  assetNames: "[name]",
  outfile: "out/worker.mjs",
});

const behind = await backend();
const { ask, close } = await worker({ BACKEND: behind.url });
try {
  // several at a time: those that come within a refresh wait for it
  await refreshed(() => Promise.all(Array.from({ length: 8 }, ask)));
} finally {
  close();
  behind.close();
}
