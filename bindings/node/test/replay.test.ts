import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Replayer } from "../src/replay/replayer.js";
import { formatSpan, parseSpan } from "../src/replay/words.js";
import { freshRuntime } from "./support/wasm.js";

const folder = fileURLToPath(new URL("../../../core/testdata/", import.meta.url));
const runtime = freshRuntime();

/** A scenario without its comments and empty lines is the output it expects. */
function expected(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => `${line}\n`)
    .join("");
}

const scenarios = readdirSync(folder).filter((name) => name.endsWith(".trace"));

test("there are scenarios to replay", () => {
  expect(scenarios.length).toBeGreaterThan(0);
});

test.each(scenarios)("scenario %s", (name) => {
  const text = readFileSync(`${folder}${name}`, "utf8");
  expect(new Replayer(runtime).replay(text)).toBe(expected(text));
});

test.each([
  ["open seed=1\njump #1", 'line 2: "jump" is no event'],
  ["open seed=1\nask min_ttl=5x", 'line 2: min_ttl="5x" is not a span'],
  ["# prose\n\nask", "line 3: there is no session: open one first"],
  ["open seed=1 colour=red", 'line 1: "colour=red" is not understood here'],
  ["open", "line 1: seed must be given, a whole number"],
  ["open seed=1\nanswer", "line 2: a ticket must be given, as #1"],
  ["cache new fifo 3", "line 1: cache new needs lru or lfu and a bound"],
  ["rule luck 7", 'line 1: "luck" is no rule'],
  ["+-5s ask", 'line 1: "-5s" is not a span'],
])("%o is no scenario", (text, message) => {
  expect(() => new Replayer(runtime).replay(text)).toThrow(message);
});

test.each([
  [0, "0s"],
  [1, "1ms"],
  [-90_061_001, "-1d1h1m1s1ms"],
  [300_000, "5m"],
  [5, "5ms"],
])("span %i is %s", (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
  expect(parseSpan(text)).toBe(ms);
});

test.each(["", "5", "s", "1s1m", "1.5s", "- 1s", "1s "])("%o is no span", (text) => {
  expect(parseSpan(text)).toBeUndefined();
});
