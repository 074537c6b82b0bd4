import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandIn } from "./support/stand-in.js";
import { run } from "./support/package.js";

const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
let standIn: StandIn;

beforeAll(async () => {
  standIn = await StandIn.start("--lifetime", "8s");
});
afterAll(() => standIn.stop());

interface Result {
  calls: number;
  starts: number;
  failures: number;
}

// One of them all works where the others are started from.
test.each([
  ["worker threads", "threads.mjs"],
  ["the workers of a cluster", "cluster.mjs"],
])("%s: signed calls over refreshes, each on a session of its own", async (_name, file) => {
  const roles = [1, 2, 3, 4].map((n) => standIn.role(`${file.replace(".mjs", "")}-${n}`));
  const tasks = roles.map((role) => ({ role, stsClient: standIn.client, s3: standIn.s3 }));
  const { stdout, stderr } = await run(process.execPath, [program(file), JSON.stringify(tasks)]);
  expect(stderr).toBe("");
  const results = JSON.parse(stdout) as Result[];
  expect(results).toHaveLength(roles.length);
  let started = 0;
  for (const { calls, starts, failures } of results) {
    expect(calls).toBeGreaterThan(1);
    expect(failures).toBe(0);
    started += starts;
  }
  const tallies = await Promise.all(roles.map((role) => standIn.asked(role)));
  for (const { successes } of tallies) expect(successes).toBeGreaterThanOrEqual(3);
  expect(tallies.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(started);
});

interface Usage {
  heap: number;
  outside: number;
  wasm: number;
  handles: number;
}

test("sessions and refreshes leave nothing behind: heap, the module's memory, handles", async () => {
  const { stdout } = await run(process.execPath, ["--expose-gc", program("leak.mjs")]);
  const rounds = JSON.parse(stdout) as Usage[];
  // caches of the engine and the module's heap fill up in the first rounds
  const [before, after] = [rounds.at(5), rounds.at(-1)] as [Usage, Usage];
  // 600 sessions and 3,600 sets came and went between, and a token has a kilobyte
  expect(after.heap - before.heap).toBeLessThan(600_000);
  expect(after.outside - before.outside).toBeLessThan(100_000);
  expect(after.wasm - before.wasm).toBeLessThan(600_000);
  expect(after.handles).toBeLessThanOrEqual(before.handles);
});
