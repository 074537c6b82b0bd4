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
    source.answer = () => Promise.reject(new Error("down"));
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
    const cause = new TypeError("down");
    source.answer = () => Promise.reject(cause);
    await clock.advance((3600 - 500) * 1000);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => session.credentials()),
    );
    expect(source.calls).toBe(2);
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "source", class: "recoverable", cause },
      });
    }
  });
});
