import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { gate, virtualSession } from "./support/session.js";

const down = () => Promise.reject(new TypeError("down"));

describe("the phases of a set", () => {
  test("fresh: one fetch serves everybody, without asking again", async () => {
    const { session, clock, source } = virtualSession();
    const first = await session.credentials();
    await clock.advance(2000 * 1000);
    expect(await session.credentials()).toBe(first);
    expect(source.calls).toBe(1);
    expect(first).toEqual({
      accessKeyId: "AKIA1",
      secretAccessKey: "secret-of-1",
      sessionToken: "token-of-1",
      expiration: new Date(Date.UTC(2026, 0, 1, 1)),
    });
  });

  test("200 callers of an empty session wait for one fetch", async () => {
    const { session, clock, source } = virtualSession();
    const door = gate();
    source.answer = async () => {
      await door.opened;
      return source.set();
    };
    const callers = Array.from({ length: 200 }, () => session.credentials());
    await clock.settled();
    door.open();
    const sets = await Promise.all(callers);
    expect(new Set(sets).size).toBe(1);
    expect(source.calls).toBe(1);
  });

  test("advisory: nobody waits, and a failing source is nobody's concern", async () => {
    const { session, clock, source } = virtualSession();
    const first = await session.credentials();
    source.answer = down;
    await clock.advance((3600 - 800) * 1000);
    for (let i = 0; i < 100; i++) {
      expect((await session.credentials()).accessKeyId).toBe(first.accessKeyId);
      await clock.advance(1000);
    }
    // 5, 10, 20, ... seconds apart, at least half of each
    expect(source.calls).toBeGreaterThan(2);
    expect(source.calls).toBeLessThan(12);
  });

  test("advisory: a refresh that succeeds takes over quietly", async () => {
    const { session, clock, source } = virtualSession();
    await session.credentials();
    await clock.advance((3600 - 899) * 1000);
    expect((await session.credentials()).accessKeyId).toBe("AKIA1");
    await clock.settled();
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    expect(source.calls).toBe(2);
  });

  test("mandatory: everybody waits, and gets the one error", async () => {
    const { session, clock, source } = virtualSession();
    await session.credentials();
    source.answer = down;
    await clock.advance((3600 - 500) * 1000);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => session.credentials()),
    );
    expect(source.calls).toBe(2);
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "source", class: "recoverable", cause: new TypeError("down") },
      });
    }
  });

  test("windows that are given hold in a deferred session too", async () => {
    const { session, clock, source } = virtualSession({
      advisoryTimeout: 120,
      mandatoryTimeout: 60,
    });
    await session.credentials();
    expect(session.status()).toMatchObject({ advisoryTimeout: 120, mandatoryTimeout: 60 });
    await clock.advance((3600 - 121) * 1000);
    await session.credentials();
    await clock.settled();
    expect(source.calls).toBe(1);
    await clock.advance(1000);
    expect((await session.credentials()).accessKeyId).toBe("AKIA1");
    await clock.settled();
    expect(source.calls).toBe(2);
  });

  test("sets of 15 minutes, the least that STS gives, are not fetched at every call", async () => {
    const { session, clock, source } = virtualSession();
    source.lifetime = 900;
    for (let second = 0; second < 4 * 900; second += 10) {
      await session.credentials();
      await clock.advance(10_000);
    }
    expect(source.calls).toBeLessThanOrEqual(10);
  });

  test("inline: the caller who meets the window waits, and never sees its failure", async () => {
    const { session, clock, source } = virtualSession({ advisoryRefresh: "inline" });
    await session.credentials();
    await clock.advance((3600 - 800) * 1000);
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    source.answer = down;
    await clock.advance((3600 - 800) * 1000);
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    expect(source.calls).toBe(3);
  });

  test("an error says from when on the source is asked again, by the wall clock", async () => {
    const { session, clock, source } = virtualSession();
    source.answer = down;
    await expect(session.credentials()).rejects.toMatchObject({ code: "source" });
    await expect(session.credentials()).rejects.toMatchObject({ code: "source" });
    const held: unknown = await session.credentials().catch((error: unknown) => error);
    expect(source.calls).toBe(2); // the third was answered from the hold-off
    const { retryAt } = held as { retryAt: Date };
    const pause = retryAt.getTime() - clock.wall();
    expect(pause).toBeGreaterThan(0);
    expect(pause).toBeLessThanOrEqual(200);
    await clock.advance(pause);
    await expect(session.credentials()).rejects.toMatchObject({ code: "source" });
    expect(source.calls).toBe(3);
  });
});

describe("callers that come and go", () => {
  test("an aborted caller leaves the flight to the others", async () => {
    const { session, clock, source } = virtualSession();
    const door = gate();
    let flightSignal: AbortSignal | undefined;
    source.answer = async ({ signal }) => {
      flightSignal = signal;
      await door.opened;
      return source.set();
    };
    const leaving = new AbortController();
    const reason = new Error("no longer needed");
    const left = session.credentialsFor({ signal: leaving.signal });
    const stays = session.credentials();
    await clock.settled();
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(flightSignal?.aborted).toBe(false);
    door.open();
    expect((await stays).accessKeyId).toBe("AKIA1");
    expect(source.calls).toBe(1);
    expect(clock.timers.size).toBe(0);
  });

  test.each(["credentialsFor", "whoami", "refresh"] as const)(
    "a caller of %s can be freed, too",
    async (name) => {
      const { session, clock, source } = virtualSession();
      const door = gate();
      source.answer = async () => {
        await door.opened;
        return source.set();
      };
      const leaving = new AbortController();
      const left = session[name]({ signal: leaving.signal });
      const stays = session.credentials();
      await clock.settled();
      const reason = new Error("no longer needed");
      leaving.abort(reason);
      await expect(left).rejects.toBe(reason);
      door.open();
      expect((await stays).accessKeyId).toBe("AKIA1");
      await expect(session[name]({ seconds: 5 } as object)).rejects.toThrow("seconds");
    },
  );

  test("500 callers with one signal: it has one listener, and none afterwards", async () => {
    const { session, clock, source } = virtualSession();
    const door = gate();
    source.answer = async () => {
      await door.opened;
      return source.set();
    };
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on("warning", warned);
    const shutdown = new AbortController();
    const { signal } = shutdown;
    const call = () => session.credentialsFor({ signal }).catch((error: unknown) => error);
    const listeners = () => getEventListeners(signal, "abort").length;
    const callers = Array.from({ length: 500 }, call);
    await clock.settled();
    expect(listeners()).toBe(1);
    door.open();
    await Promise.all(callers);
    expect(listeners()).toBe(0);

    source.answer = () => new Promise(() => undefined);
    session.invalidate();
    const leaving = Array.from({ length: 500 }, call);
    await clock.settled();
    shutdown.abort("shutdown");
    expect(new Set(await Promise.all(leaving))).toEqual(new Set(["shutdown"]));
    expect(listeners()).toBe(0);
    process.off("warning", warned);
    expect(warnings).toEqual([]);
  });

  test("who listens to an attempt's signal is not called from within the module", async () => {
    const { session, clock, source } = virtualSession({ refreshTimeout: 30 });
    let heard: Error | undefined;
    source.answer = ({ signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          heard = new Error("given up");
        });
      });
    const waiting = session.credentials().catch((error: unknown) => error);
    await clock.advance(30_000);
    expect(await waiting).toMatchObject({ code: "timed-out" });
    expect(heard?.stack).toContain("given up");
    expect(heard?.stack).not.toContain("wasm://");
  });

  test("a caller that is aborted already asks nothing", async () => {
    const { session, source } = virtualSession();
    const reason = new Error("too late");
    await expect(session.credentialsFor({ signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(source.calls).toBe(0);
  });

  test("a source that hangs fails its waiters at the time-out, timers lost or not", async () => {
    for (const deaf of [false, true]) {
      const { session, clock, source } = virtualSession({ refreshTimeout: 30 });
      let flightSignal: AbortSignal | undefined;
      source.answer = ({ signal }) => {
        flightSignal = signal;
        return new Promise(() => undefined);
      };
      const waiting = Promise.allSettled([session.credentials(), session.credentials()]);
      await clock.settled();
      if (deaf) {
        // the machine's own timer is lost: the waiters' remain
        for (const timer of clock.timers) if (!timer.holds) clock.timers.delete(timer);
      }
      await clock.advance(30_000);
      for (const result of await waiting) {
        expect(result).toMatchObject({ status: "rejected", reason: { code: "timed-out" } });
      }
      expect(flightSignal?.aborted).toBe(true);
    }
  });

  test("while somebody waits the process is held, and else not", async () => {
    const { session, clock, source } = virtualSession({ deferRefresh: false });
    await clock.settled();
    expect([...clock.timers].map(({ holds }) => holds)).toEqual([false]);
    const door = gate();
    source.answer = async () => {
      await door.opened;
      return source.set();
    };
    const forced = session.refresh();
    await clock.settled();
    expect([...clock.timers].some(({ holds }) => holds)).toBe(true);
    door.open();
    await forced;
    expect([...clock.timers].map(({ holds }) => holds)).toEqual([false]);
  });
});

describe("what the user can ask for", () => {
  test("minTtl waits for more time, and says so where there is none to be had", async () => {
    const { session, clock, source } = virtualSession();
    await session.credentials();
    await clock.advance(1000 * 1000);
    const longer = await session.credentialsFor({ minTtl: 3000 });
    expect(longer.accessKeyId).toBe("AKIA2");
    await expect(session.credentialsFor({ minTtl: 3601 })).rejects.toMatchObject({
      code: "min-ttl",
    });
    expect(source.calls).toBe(2);
  });

  test("an eager session fetches by itself, at once and ahead of need", async () => {
    const { session, clock, source } = virtualSession({ deferRefresh: false });
    await clock.settled();
    expect(source.calls).toBe(1);
    await clock.advance(10 * 3600 * 1000);
    expect(source.calls).toBeGreaterThan(10);
    expect(source.calls).toBeLessThan(16);
    expect(session.status().phase).toBe("fresh");
    expect(session.status().remaining).toBeGreaterThanOrEqual(900);
  });

  test("an eager session whose source fails neither throws nor spins", async () => {
    const { session, clock, source } = virtualSession({ deferRefresh: false });
    source.answer = down;
    await clock.advance(24 * 3600 * 1000);
    expect(source.calls).toBeLessThan(24 * 30);
    source.answer = () => source.set();
    await clock.advance(600 * 1000);
    expect(session.status().phase).toBe("fresh");
  });

  test("a rejected set is never served again; the next caller gets another", async () => {
    const { session, clock, source } = virtualSession();
    const first = await session.credentials();
    session.invalidate(first);
    expect(session.status().rejected).toBe(true);
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    session.invalidate(first); // an old one: nobody's concern
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    await clock.advance(120_000);
    session.invalidate();
    expect((await session.credentials()).accessKeyId).toBe("AKIA3");
    expect(source.calls).toBe(3);
  });

  test("sets that are rejected as fast as they come are no fetch loop", async () => {
    const { session, source } = virtualSession();
    const seen = new Set<unknown>();
    for (let i = 0; i < 20; i++) {
      await session.credentials().catch((error: unknown) => {
        seen.add((error as { code: unknown }).code);
      });
      session.invalidate();
    }
    expect(source.calls).toBe(2);
    expect([...seen]).toEqual(["rejected"]);
  });

  test("refresh fetches now, and its failure is its caller's alone", async () => {
    const { session, source } = virtualSession();
    await session.credentials();
    expect((await session.refresh()).accessKeyId).toBe("AKIA2");
    source.answer = down;
    await expect(session.refresh()).rejects.toMatchObject({ code: "source" });
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
  });

  test("the SDK's forceRefresh is a refresh", async () => {
    const { session } = virtualSession();
    await session.credentials();
    expect((await session.credentials({ forceRefresh: true })).accessKeyId).toBe("AKIA2");
  });

  test("close answers who waits, ends the attempt, and refuses what comes", async () => {
    const { session, clock, source } = virtualSession({ deferRefresh: false });
    let flightSignal: AbortSignal | undefined;
    source.answer = ({ signal }) => {
      flightSignal = signal;
      return new Promise(() => undefined);
    };
    const waiting = session.credentials();
    await clock.settled();
    session.close();
    session.close();
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    await expect(session.credentials()).rejects.toMatchObject({ code: "closed" });
    await expect(session.refresh()).rejects.toMatchObject({ code: "closed" });
    await expect(session.whoami()).rejects.toMatchObject({ code: "closed" });
    expect(flightSignal?.aborted).toBe(true);
    expect(session.status()).toMatchObject({ closed: true, phase: "empty" });
    expect(clock.timers.size).toBe(0);
  });

  test("using closes, and so does await using", async () => {
    const [first, second] = [virtualSession().session, virtualSession().session];
    {
      using used = first;
      // eslint-disable-next-line @typescript-eslint/await-thenable -- users may write it
      await using waited = second;
      await Promise.all([used.credentials(), waited.credentials()]);
    }
    expect([first.status().closed, second.status().closed]).toEqual([true, true]);
  });
});

describe("clocks", () => {
  test("a wall clock that steps ahead ends the lease: expired sets are not served", async () => {
    const { session, clock } = virtualSession();
    await session.credentials();
    clock.step(2 * 3600 * 1000); // asleep, by a clock that does not count it
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
  });

  test("a wall clock that steps back does not prolong a lease", async () => {
    const { session, clock, source } = virtualSession();
    const start = clock.wall();
    source.now = () => start + clock.elapsed(); // its own clock is right
    await session.credentials();
    clock.step(-24 * 3600 * 1000);
    await clock.advance((3600 - 100) * 1000);
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
  });

  test("with every timer lost, callers are still served and refreshed", async () => {
    const { session, clock, source } = virtualSession({ deferRefresh: false });
    await clock.settled();
    clock.deaf = true;
    for (let hour = 0; hour < 10; hour++) {
      await clock.advance(3600 * 1000);
      const set = await session.credentials();
      expect(set.expiration?.getTime()).toBeGreaterThan(clock.wall());
    }
    expect(source.calls).toBe(11);
  });
});
