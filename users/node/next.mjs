// Next as it is deployed: a build for production, then `next start`.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { backend } from "./backend.mjs";
import { refreshed, signed } from "./refreshed.mjs";

/** Builds with the bundler's flag, and calls each path until two more sets have signed. */
export async function next(flag, paths) {
  const behind = await backend();
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", BACKEND: behind.url };
  const command = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const { status } = spawnSync(process.execPath, [command, "build", flag], {
    env,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`next build ended with ${status}`);

  const stdio = ["ignore", "pipe", "inherit"];
  const args = [command, "start", "--hostname", "127.0.0.1", "--port", "0"];
  const server = spawn(process.execPath, args, { env, stdio });
  try {
    const origin = await new Promise((found, failed) => {
      createInterface(server.stdout).on("line", (line) => {
        console.log(line);
        const address = /Local:\s+(\S+)/.exec(line);
        if (address) found(address[1]);
      });
      server.once("exit", (code) => failed(new Error(`next start ended with ${code}`)));
    });
    for (const path of paths) {
      const ask = async () => {
        const response = await fetch(origin + path);
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      };
      const { sets } = await signed();
      // several at a time: those that come within a refresh wait for it
      await refreshed(() => Promise.all(Array.from({ length: 8 }, ask)), { sets: sets + 2 });
    }
  } finally {
    server.kill();
    behind.close();
  }
}
