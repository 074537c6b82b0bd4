import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { CustomCredentialsMethod } from "../src/index.js";
import { RefreshableSession, withSurroundings } from "../src/session.js";
import { assumed } from "./support/assumed.js";
import { Home, run } from "./support/package.js";
import { StandIn } from "./support/stand-in.js";
import { freshRuntime } from "./support/wasm.js";

// vitest's fake timers are those of sinon and of Jest: @sinonjs/fake-timers.

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let sets = 0;
const set = () => ({
  accessKey: `AKIA${++sets}`,
  secretKey: "s",
  token: "t",
  expiryTime: new Date(Date.now() + 3600_000),
});

/** A session on the process's own clocks, with an instance of the module of its own. */
const open = (method: CustomCredentialsMethod = set, more: object = {}) =>
  withSurroundings(
    { runtime: freshRuntime() },
    () => new RefreshableSession({ method: "custom", customCredentialsMethod: method, ...more }),
  );

/** All that Jest fakes by default, but for `process.nextTick`, which vitest needs. */
const ALL = [
  ...(["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate"] as const),
  ...(["clearImmediate", "Date", "performance", "queueMicrotask"] as const),
];

const uses = async (session: RefreshableSession) => {
  expect((await session.credentials()).accessKeyId).toMatch(/^AKIA/);
  expect((await session.refresh()).accessKeyId).toMatch(/^AKIA/);
  expect((await session.credentialsFor({ minTtl: 60 })).accessKeyId).toMatch(/^AKIA/);
  expect(session.status().phase).toMatch(/fresh|advisory/);
  session.invalidate();
  expect((await session.credentials()).accessKeyId).toMatch(/^AKIA/);
  session.close();
};

let falling = 1e6;
const CLOCKS: Record<string, () => number> = {
  "at 0": () => 0,
  negative: () => -5,
  "with a fraction": () => 0.25,
  frozen: () => 123_456,
  "going back": () => (falling -= 1000),
  "not a number": () => Number.NaN,
  "without end": () => Infinity,
  "beyond all dates": () => 1e20,
  "a throw": () => {
    throw new Error("no clock");
  },
};

describe.each(Object.entries(CLOCKS))("the elapsed clock is %s", (_name, now) => {
  test("before the session is made: credentials come", async () => {
    vi.spyOn(performance, "now").mockImplementation(now);
    await uses(open());
  });

  test("after the session was made: credentials come", async () => {
    const session = open();
    await session.credentials();
    vi.spyOn(performance, "now").mockImplementation(now);
    await uses(session);
  });
});

describe.each([
  ["at 0", 0],
  ["negative", -1],
  ["with a fraction", 1.75e12 + 0.5],
  ["not a number", Number.NaN],
  ["beyond all dates", 1e20],
])("the wall clock is %s", (_name, now) => {
  const endless = () => ({ ...set(), expiryTime: null });

  test("before the session is made: credentials come", async () => {
    vi.spyOn(Date, "now").mockReturnValue(now);
    await uses(open(endless));
  });

  test("after the session was made: credentials come", async () => {
    const session = open(endless);
    await session.credentials();
    vi.spyOn(Date, "now").mockReturnValue(now);
    await uses(session);
  });
});

describe("all timers are faked, and nobody advances them", () => {
  test.each([false, true])(
    "caller A asks; source answers; A is served (made before: %s)",
    async (before) => {
      const early = before ? open() : undefined;
      if (early !== undefined) await early.credentials();
      vi.useFakeTimers({ toFake: ALL });
      await uses(early ?? open());
    },
  );

  test("a listener hears of the refresh", async () => {
    vi.useFakeTimers({ toFake: ALL });
    const session = open();
    const heard = new Promise((resolve) => session.on("refresh", resolve));
    await session.credentials();
    expect(await heard).toMatchObject({ remaining: 3600, cause: "first" });
    session.close();
  });

  test("caller A waits; the session is closed; the source hears of it, and A too", async () => {
    vi.useFakeTimers({ toFake: ALL });
    const aborted = new Promise((resolve) => {
      const session = open(({ signal }) => {
        signal.addEventListener("abort", resolve);
        return new Promise(() => undefined);
      });
      session.credentials().catch(resolve);
      void Promise.resolve().then(() => {
        session.close();
      });
    });
    expect(await aborted).toBeDefined();
  });
});

describe("caller A asks; source hangs; the fake time of the refresh passes", () => {
  const hang = () => new Promise<never>(() => undefined);
  const told = async (session: RefreshableSession) => {
    const code = session.credentials().catch((error: unknown) => (error as { code: string }).code);
    await vi.advanceTimersByTimeAsync(6000);
    expect(await code).toBe("timed-out");
    session.close();
  };

  test("A hears that it timed out", async () => {
    vi.useFakeTimers();
    await told(open(hang, { refreshTimeout: 5, maxWait: 0 }));
  });

  test("in a session that was made in real time", async () => {
    vi.spyOn(performance, "now").mockReturnValue(5e9); // as in a process of two months
    const session = open(hang, { refreshTimeout: 5, maxWait: 0 });
    session.status();
    vi.restoreAllMocks();
    vi.useFakeTimers();
    await told(session);
  });
});

test("timers set before they were faked are called off as what they are", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const session = open();
  await session.credentials(); // sets its timer
  vi.useFakeTimers();
  await session.refresh();
  session.close();
  expect(warn).not.toHaveBeenCalled();
});

describe("with STS", () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start();
  });
  afterAll(() => standIn.stop());

  test("await session.refresh() while fake time goes on by itself", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { session, call, asked, done } = assumed(standIn);
    await call();
    await session.refresh();
    await call();
    expect(await asked()).toMatchObject({ successes: 2 });
    done();
  });
});

describe("the package, faked before it is imported", () => {
  let home: Home;
  beforeAll(async () => {
    home = await (await Home.make()).unpack();
  });
  afterAll(() => {
    home.remove();
  });

  const program = (load: string) => `
    performance.now = () => 0;
    Date.now = () => 0;
    queueMicrotask = () => undefined;
    setTimeout = () => 1;
    (async () => {
      const { RefreshableSession } = ${load};
      const customCredentialsMethod = () => (${JSON.stringify({ ...set(), expiryTime: null })});
      const session = new RefreshableSession({ method: "custom", customCredentialsMethod });
      await session.refresh();
      console.log((await session.credentials()).accessKeyId);
    })();`;

  test.each([
    ["fake.mjs", 'await import("evercreds")'],
    ["fake.cjs", 'require("evercreds")'],
  ])("%s", async (name, load) => {
    const { stdout } = await run(process.execPath, [home.write(name, program(load))]);
    expect(stdout).toMatch(/^AKIA/);
  });
});
