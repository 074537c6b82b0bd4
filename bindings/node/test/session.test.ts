import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { gate, virtualSession } from "./support/session.js";

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
});

describe("callers that come and go", () => {
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

  test("a source that hangs fails its waiters at the time-out, also where a timer is lost", async () => {
    const { session, clock, source } = virtualSession({ refreshTimeout: 30 });
    let flightSignal: AbortSignal | undefined;
    source.answer = ({ signal }) => {
      flightSignal = signal;
      return new Promise(() => undefined);
    };
    const waiting = Promise.allSettled([session.credentials(), session.credentials()]);
    await clock.settled();
    // the machine's own timer is lost: the waiters' remain
    for (const timer of clock.timers) if (!timer.holds) clock.timers.delete(timer);
    await clock.advance(30_000);
    for (const result of await waiting) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "timed-out" } });
    }
    expect(flightSignal?.aborted).toBe(true);
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
