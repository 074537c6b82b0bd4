import { expect, test, vi } from "vitest";
import * as abi from "../src/library/abi-generated.js";
import { Machine } from "../src/library/machine.js";
import type { Status } from "../src/index.js";
import { virtualSession } from "./support/session.js";

// What the host does beside the machine; testdata/host has the scenarios of all hosts.

test("a flight hangs, and no timer fires; B asks; the failure is told before B's start", async () => {
  const { session, clock, source } = virtualSession({ refreshTimeout: 30, policy: "classic" });
  const told: string[] = [];
  for (const name of ["start", "failure", "degraded", "refresh"] as const) {
    session.on(name, () => told.push(name));
  }
  source.answer = () => new Promise(() => undefined);
  const a = session.refresh().catch((error: unknown) => error);
  clock.deaf = true;
  await clock.advance(60_000);
  expect(told).toEqual(["start"]);
  source.answer = () => source.set();
  expect((await session.refresh()).accessKeyId).toBe("AKIA2");
  expect(told).toEqual(["start", "failure", "start", "refresh"]);
  expect(await a).toMatchObject({ code: "timed-out" });
});

test("callers A wait, B with a need, C refreshes; source answers: one asks for all of A", async () => {
  const { session, source } = virtualSession();
  const answer = vi.spyOn(Machine.prototype, "answer");
  let reply: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (reply = resolve));
  source.answer = () => gate.then(() => source.set());
  const all = Array.from({ length: 50 }, () => session.credentials());
  const short = session.credentialsFor({ minTtl: 7200 }).catch((error: unknown) => error);
  const forced = session.refresh();
  reply();
  const keys = (await Promise.all([...all, forced])).map(({ accessKeyId }) => accessKeyId);
  expect(new Set(keys)).toEqual(new Set(["AKIA1"]));
  expect(await short).toMatchObject({ code: "min-ttl" });
  expect(answer.mock.calls.length).toBeLessThanOrEqual(3);
  answer.mockRestore();
});

test("minTtl may be what the machine takes, and no more", async () => {
  const { session, source } = virtualSession();
  source.lifetime = 129600;
  expect((await session.credentialsFor({ minTtl: 129600 })).accessKeyId).toBe("AKIA1");
  await expect(session.credentialsFor({ minTtl: 129601 })).rejects.toMatchObject({
    message: "minTtl must be seconds from 0 to 129600; got 129601",
  });
});

test("a status has the fields of the table that all languages have, and the last error", () => {
  const { counters, lastError, ...fields } = virtualSession().session.status();
  const named = (counts: boolean) =>
    Object.values(abi.FIELDS)
      .filter(([, unit]) => (unit === "count") === counts)
      .map(([name]): string => name);
  const names = new Set([...named(false), ...abi.FACTS.map(([, inStatus]): string => inStatus)]);
  expect(Object.keys(fields).sort()).toEqual([...names].sort());
  expect(Object.keys(counters).sort()).toEqual(named(true).sort());
  expect(lastError).toBeUndefined();
});

// The types have the same names: this does not compile otherwise.
type Named<Unit extends string> = Extract<
  (typeof abi.FIELDS)[keyof typeof abi.FIELDS],
  readonly [string, Unit]
>[0];
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const typed: [
  Same<Named<"count">, keyof Status["counters"]>,
  Same<
    Named<"name" | "span" | "truth"> | (typeof abi.FACTS)[number][1],
    Exclude<keyof Status, "counters" | "lastError">
  >,
] = [true, true];

test("the types of a status have the names of the table", () => {
  expect(typed).toEqual([true, true]);
});
