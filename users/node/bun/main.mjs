// Bun runs the package as it is, and what `bun build` makes of it.
// title: Bun
// framework: bun
// environment: runtimes
// run: bun main.mjs
// time: 120s
import { spawnSync } from "node:child_process";
import "./app.mjs";

for (const args of [
  ["build", "app.mjs", "--target=bun", "--outfile=out/app.mjs"],
  ["out/app.mjs"],
]) {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`bun ${args[0]} ended with ${status}`);
}
