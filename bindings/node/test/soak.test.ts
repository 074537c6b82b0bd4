import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { panicFile } from "./support/wasm.js";

const root = fileURLToPath(new URL("..", import.meta.url));

function soak(...args: string[]) {
  const all = ["scripts/soak.mjs", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stderr, lines: stdout.trimEnd().split("\n") };
}

test("days of sessions, refreshes, failures and deaths: nothing grows", () => {
  const { status, stderr, lines } = soak("--days", "8");
  expect(stderr).toBe("");
  expect(lines.at(-1)).toMatch(/^soak: nothing grows over [1-9]\d{3,} refreshes, /);
  if (panicFile !== undefined)
    expect(lines.at(-1)).toMatch(/ [1-9]\d* panics and [1-9]\d* deaths$/);
  expect(status).toBe(0);
}, 120_000);

test("what does grow is told", () => {
  const { status, lines } = soak("--days", "4", "--leak");
  expect(lines.filter((line) => line.startsWith("soak: ")).join()).toMatch(/handles.*heap/);
  expect(status).toBe(1);
}, 120_000);
