/*
 * Days of many sessions' lives in virtual time, with sources and a module that
 * fail. Each day ends with a look at what is in use, and the whole in a verdict:
 * nothing may grow. See scripts/soak.mjs.
 */
import { parseArgs } from "node:util";
import { VirtualClock } from "../support/clock.js";
import { random } from "../support/random.js";
import { freshRuntime, panicFile, wasmFile } from "../support/wasm.js";
import { Gauge } from "./usage.js";
import { type Day, verdict } from "./verdict.js";
import { World } from "./world.js";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    leak: { type: "boolean", default: false },
  },
});

if (globalThis.gc === undefined) throw new Error("this needs node --expose-gc");
const count = Number(values.days);
if (!Number.isInteger(count) || count < 4) throw new Error("--days must be a whole number from 4");

const kept: unknown[] = [];
const clock = new VirtualClock();
const { signal } = new AbortController();
const gauge = new Gauge(clock, signal);
const world = new World(
  clock,
  freshRuntime(panicFile ?? wasmFile),
  random(Number(values.seed)),
  signal,
  (thing) => {
    if (values.leak) kept.push(thing);
  },
);

const days: Day[] = [];
for (let day = 1; day <= count; day++) {
  // in the second half one instance lives on, so that its own memory has time to grow
  for (let hour = 0; hour < 24; hour++) await world.hour({ harm: day <= count / 2 });
  await world.crowd();
  await world.rest();
  const usage = { ...(await gauge.read()), fetched: world.fetched };
  days.push(usage);
  console.log(JSON.stringify({ day, ...usage }));
}
const problems = verdict(days, world.lasting);
for (const problem of problems) console.log(`soak: ${problem}`);
if (problems.length === 0) {
  console.log(`soak: nothing grows over ${world.fetched} refreshes and ${world.deaths} deaths`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
