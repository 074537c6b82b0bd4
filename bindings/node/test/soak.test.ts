import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { panicFile } from "./support/wasm.js";

const root = fileURLToPath(new URL("..", import.meta.url));

// Not spawnSync: the runner ends a worker that does not answer it for a minute.
async function soak(...args: string[]) {
  const child = spawn(process.execPath, ["scripts/soak.mjs", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await ended) as [number | null];
  return { status, stderr, lines: stdout.trimEnd().split("\n") };
}

test("days of sessions, refreshes, failures and deaths: nothing grows", async () => {
  const { status, stderr, lines } = await soak("--days", "8");
  expect(stderr).toBe("");
  expect(lines.at(-1)).toMatch(/^soak: nothing grows over [1-9]\d{3,} refreshes, /);
  if (panicFile !== undefined)
    expect(lines.at(-1)).toMatch(/ [1-9]\d* panics and [1-9]\d* deaths$/);
  expect(status).toBe(0);
});

test("what does grow is told", async () => {
  const { status, lines } = await soak("--days", "4", "--leak");
  expect(lines.filter((line) => line.startsWith("soak: ")).join()).toMatch(/handles.*heap/);
  expect(status).toBe(1);
});
