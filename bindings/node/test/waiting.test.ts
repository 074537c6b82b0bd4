import { describe, expect, test } from "vitest";
import { type CommonOptions, EvercredsError } from "../src/index.js";
import { virtualSession } from "./support/session.js";

const down = () => Promise.reject(new TypeError("down"));

/** A session of the default, whose source is down until the test says otherwise. */
function open(options: CommonOptions = {}) {
  const made = virtualSession({ policy: "classic", ...options });
  made.source.answer = down;
  const holding = () => [...made.clock.timers].filter(({ holds }) => holds).length;
  return { ...made, holding };
}

/** How a call has ended so far. */
function watch(call: Promise<unknown>) {
  const seen: { ended: unknown } = { ended: undefined };
  void call.then(
    (set) => (seen.ended = set),
    (error: unknown) => (seen.ended = error),
  );
  return seen;
}

describe("200 callers ask; the source is down", () => {
  test("for 5 s: all are served, with one attempt for each pause", async () => {
    const { session, clock, source, holding } = open();
    const callers = Array.from({ length: 200 }, () => session.credentials());
    await clock.advance(5000);
    expect(source.calls).toBeGreaterThan(2);
    expect(source.calls).toBeLessThan(12);
    source.answer = () => source.set();
    await clock.advance(5000);
    const sets = await Promise.all(callers);
    expect(new Set(sets).size).toBe(1);
    expect(source.calls).toBeLessThan(13);
    expect(holding()).toBe(0);
  });

  test("for good: all are told why within max_wait, and nothing is left behind", async () => {
    const { session, clock, source, holding } = open();
    const callers = Array.from({ length: 200 }, () => watch(session.credentials()));
    await clock.advance(20_000);
    expect(callers.every(({ ended }) => ended === undefined)).toBe(true);
    await clock.advance(11_000);
    const errors = callers.map(({ ended }) => ended as EvercredsError);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "source", cause: new TypeError("down") });
    }
    expect(new Set(errors).size).toBe(200);
    expect(source.calls).toBeLessThan(20);
    expect(holding()).toBe(0);
    const calls = source.calls;
    await clock.advance(3600_000);
    expect(source.calls).toBe(calls); // nobody asks, so nobody is asked
  });

  test("with a failure that stays: all are told at once", async () => {
    const { session, clock, source } = open();
    source.answer = () => {
      throw new EvercredsError("configuration", "no such profile", { class: "permanent" });
    };
    const callers = Array.from({ length: 200 }, () => watch(session.credentials()));
    await clock.settled();
    for (const { ended } of callers) {
      expect(ended).toMatchObject({ code: "source", class: "permanent" });
    }
    expect(source.calls).toBe(1);
  });

  test("with maxWait 0, or in an attended session: all are told at once", async () => {
    for (const options of [{ maxWait: 0 }, { attended: true }]) {
      const { session, clock } = open(options);
      const seen = watch(session.credentials());
      await clock.settled();
      expect(seen.ended).toMatchObject({ code: "source" });
    }
  });

  test("maxWait 2: they are told after 2 s", async () => {
    const { session, clock } = open({ maxWait: 2 });
    const seen = watch(session.credentials());
    await clock.advance(1000);
    expect(seen.ended).toBeUndefined();
    await clock.advance(1100);
    expect(seen.ended).toMatchObject({ code: "source" });
  });

  test("for a while, then it hangs: patience does not begin anew after the flight", async () => {
    const { session, clock, source } = open({ refreshTimeout: 20 });
    const seen = watch(session.credentials());
    await clock.advance(10_000);
    source.answer = () => new Promise(() => undefined);
    await clock.advance(40_500);
    expect(seen.ended).toMatchObject({ name: "EvercredsError" });
  });
});

describe("a caller waits for the next attempt", () => {
  test("A gives up: it is freed at once; B is served", async () => {
    const { session, clock, source, holding } = open();
    const leaving = new AbortController();
    const a = watch(session.credentialsFor({ signal: leaving.signal }));
    const b = watch(session.credentials());
    await clock.advance(3000);
    const reason = new Error("enough");
    leaving.abort(reason);
    await clock.settled();
    expect(a.ended).toBe(reason);
    expect(b.ended).toBeUndefined();
    source.answer = () => source.set();
    await clock.advance(6000);
    expect(b.ended).toMatchObject({ sessionToken: expect.stringContaining("token-of") as string });
    expect(holding()).toBe(0);
  });

  test("all give up: nothing holds the process up, and the source is left alone", async () => {
    const { session, clock, source, holding } = open();
    const leaving = new AbortController();
    const seen = watch(session.credentialsFor({ signal: leaving.signal }));
    await clock.advance(3000);
    leaving.abort();
    await clock.settled();
    expect(seen.ended).toHaveProperty("name", "AbortError");
    expect(holding()).toBe(0);
    const calls = source.calls;
    await clock.advance(600_000);
    expect(source.calls).toBe(calls);
  });

  test("the session is closed: it is told at once, and no timer is left", async () => {
    const { session, clock } = open();
    const seen = watch(session.credentials());
    await clock.advance(3000);
    session.close();
    await clock.settled();
    expect(seen.ended).toMatchObject({ code: "closed" });
    expect(clock.timers.size).toBe(0);
  });

  test("somebody refreshes by hand: it is served at once, long before the pause is over", async () => {
    const { session, clock, source } = open();
    const seen = watch(session.credentials());
    await clock.advance(8000);
    expect(seen.ended).toBeUndefined();
    source.answer = () => source.set();
    const set = await session.refresh();
    await clock.settled();
    expect(seen.ended).toBe(set);
  });

  test("it asks for more time than is left; the rest goes on without waiting", async () => {
    const { session, clock, source } = open();
    source.answer = () => source.set();
    await session.credentials();
    await clock.advance(1000_000);
    source.answer = down;
    const seen = watch(session.credentialsFor({ minTtl: 3000 }));
    await clock.advance(3000);
    expect(seen.ended).toBeUndefined();
    expect((await session.credentials()).accessKeyId).toBe("AKIA1");
    source.answer = () => source.set();
    await clock.advance(6000);
    expect(seen.ended).toHaveProperty("accessKeyId");
  });

  test("its source asks another session that is down: the end of the attempt frees both", async () => {
    const inner = open();
    const outer = virtualSession({ policy: "classic", refreshTimeout: 5, maxWait: 0 });
    outer.source.answer = async ({ signal }) => {
      await inner.session.credentialsFor({ signal });
      return outer.source.set();
    };
    const seen = watch(outer.session.credentials());
    await inner.clock.settled();
    await outer.clock.advance(5000);
    await inner.clock.settled();
    expect(seen.ended).toMatchObject({ code: "timed-out" });
    expect(inner.holding()).toBe(0);
  });
});

test("the default serves what is held until it expires, and nobody waits twice", async () => {
  const { session, clock, source } = open();
  source.answer = () => source.set();
  const set = await session.credentials();
  source.answer = down;
  await clock.advance(3100_000);
  for (let second = 0; second < 490; second += 10) {
    expect(await session.credentials()).toBe(set);
    await clock.advance(10_000);
  }
  expect(session.status().degraded).toBe(true);
  source.answer = () => source.set();
  await clock.advance(10_000);
  const late = watch(session.credentials());
  await clock.advance(10_000);
  expect(late.ended).toHaveProperty("accessKeyId");
});
