// workerd with the worker that stands in out/, as config.capnp says.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

/** Serves on loopback. Gives a function that asks the worker, and one that ends it. */
export async function worker(env = {}) {
  const { resolve } = createRequire(import.meta.url);
  const workerd = spawn(
    resolve("workerd/bin/workerd"),
    ["serve", "--control-fd=3", "config.capnp"],
    {
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit", "pipe"],
    },
  );
  const port = await new Promise((found, failed) => {
    createInterface(workerd.stdio[3]).once("line", (line) => found(JSON.parse(line).port));
    workerd.once("exit", (status) => failed(new Error(`workerd ended with ${status}`)));
  });
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  };
  return { ask, close: () => workerd.kill() };
}
