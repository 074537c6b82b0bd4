import { expect, test, vi } from "vitest";
import { systemClock } from "../src/common/clock.js";
import { gate, virtualSession } from "./support/session.js";

const YEAR_9999 = Date.UTC(9999, 11, 31, 23, 59, 59);
const FAR = [
  ["the year 9999, as text", "9999-12-31T23:59:59Z"],
  ["the year 9999", new Date(YEAR_9999)],
  ["the last Date that there is", new Date(8.64e15)],
  ["what the module takes for never", new Date(4503599627370496)],
  ["25 days", new Date(Date.UTC(2026, 0, 26))],
] as const;

/** As Node's timers: what is longer than they can count fires at once. */
const LONGEST = 2 ** 31 - 1;

test.each(FAR)(
  "a set that expires in %s: one fetch, no busy loop, nothing below zero",
  async (_name, expiry) => {
    for (const deferRefresh of [true, false]) {
      const { session, clock, source } = virtualSession({ deferRefresh, jitter: true });
      source.answer = () => ({ ...source.set(), expiryTime: expiry as never });
      const set = await session.credentials();
      expect(set.expiration?.getTime()).toBeGreaterThan(clock.wall());
      expect((await session.credentials()).expiration?.toISOString()).toMatch(/^[+\d].*Z$/);
      const after = vi.spyOn(clock, "after");
      for (let day = 0; day < 20; day++) await clock.advance(24 * 3600 * 1000);
      expect(source.calls).toBe(1);
      expect(after.mock.calls.length).toBeLessThan(5);
      const { remaining, lifetime, holdOff, phase } = session.status();
      expect(phase).toBe("fresh");
      for (const seconds of [remaining, lifetime]) expect(seconds).toBeGreaterThan(20_000);
      expect(holdOff).toBeGreaterThanOrEqual(0);
      session.close();
    }
  },
);

test.each([-Infinity, Number.NaN, -1e300, -8.64e15, "soon", undefined])(
  "a Date that says %s is a failure, told at once",
  async (time) => {
    const { session, source } = virtualSession();
    class Odd extends Date {
      override getTime = () => time as number;
    }
    source.answer = () => ({ ...source.set(), expiryTime: new Odd() });
    await expect(session.credentials()).rejects.toMatchObject({
      code: expect.stringMatching(/^(malformed|expired_reply)$/) as string,
    });
    expect(session.status().counters).toMatchObject({ failures: 1, unknownTickets: 0 });
  },
);

test("a timer beyond what Node counts fires late, never at once", async () => {
  vi.useFakeTimers();
  try {
    for (const delay of [LONGEST + 1, 4503599627370496, Infinity]) {
      const fired = vi.fn();
      const stop = systemClock.after(delay, fired, false);
      await vi.advanceTimersByTimeAsync(24 * 3600 * 1000);
      expect(fired).not.toHaveBeenCalled();
      stop();
    }
    const soon = vi.fn();
    systemClock.after(Number.NaN, soon, false);
    systemClock.after(-5, soon, false);
    await vi.advanceTimersByTimeAsync(1);
    expect(soon).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

test("who waits for a refresh without a near end waits in steps that timers can count", async () => {
  const { session, clock, source } = virtualSession({ attended: true, refreshTimeout: 43200 });
  const door = gate();
  source.answer = () => door.opened.then(() => source.set());
  const waiting = session.credentials();
  await clock.settled();
  for (const { at } of clock.timers) expect(at).toBeLessThanOrEqual(4503599627370496);
  door.open();
  expect((await waiting).accessKeyId).toBe("AKIA1");
});
