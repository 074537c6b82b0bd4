import { describe, expect, test } from "vitest";
import type { CommonOptions } from "../src/index.js";
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

describe("a caller waits for the next attempt", () => {
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
