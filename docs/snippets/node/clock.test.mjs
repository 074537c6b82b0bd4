// vitest's fake timers: an hour passes at once.
import { RefreshableSession } from "evercreds";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("fetches again once the clock has passed the expiry", async () => {
  let fetched = 0;
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: async () => ({
      accessKeyId: `TESTING${++fetched}`,
      secretAccessKey: "testing",
      sessionToken: "testing",
      expiration: new Date(Date.now() + 3_600_000),
    }),
  });
  expect((await session.credentials()).accessKeyId).toBe("TESTING1");
  await vi.advanceTimersByTimeAsync(30 * 60_000);
  expect((await session.credentials()).accessKeyId).toBe("TESTING1");
  await vi.advanceTimersByTimeAsync(31 * 60_000);
  expect((await session.credentials()).accessKeyId).toBe("TESTING2");
});
