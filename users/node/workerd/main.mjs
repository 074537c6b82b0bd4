// A worker, bundled by esbuild with the conditions of workerd, runs in workerd itself: the
// session stands outside the handler, and refreshes within requests.
// title: workerd (Cloudflare Workers)
// framework: workerd
// environment: runtimes
// moto: yes
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { backend } from "./backend.mjs";
import { refreshed } from "./refreshed.mjs";

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
const { resolve } = createRequire(import.meta.url);

const behind = await backend();
const workerd = spawn(resolve("workerd/bin/workerd"), ["serve", "--control-fd=3", "config.capnp"], {
  env: { ...process.env, BACKEND: behind.url },
  stdio: ["ignore", "inherit", "inherit", "pipe"],
});
try {
  const port = await new Promise((found, failed) => {
    createInterface(workerd.stdio[3]).once("line", (line) => found(JSON.parse(line).port));
    workerd.once("exit", (status) => failed(new Error(`workerd ended with ${status}`)));
  });
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  };
  // several at a time: those that come within a refresh wait for it
  await refreshed(() => Promise.all(Array.from({ length: 8 }, ask)));
} finally {
  workerd.kill();
  behind.close();
}
