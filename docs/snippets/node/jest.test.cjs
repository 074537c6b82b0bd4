// Jest, in CommonJS. Its fake timers are heeded as vitest's are.
const { RefreshableSession } = require("evercreds");

afterEach(() => jest.useRealTimers());

test("fetches again once the clock has passed the expiry", async () => {
  jest.useFakeTimers();
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
  await jest.advanceTimersByTimeAsync(61 * 60_000);
  expect((await session.credentials()).accessKeyId).toBe("TESTING2");
});
