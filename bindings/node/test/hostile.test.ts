import { channel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { EvercredsError } from "../src/index.js";
import { RefreshableSession, withSurroundings } from "../src/session.js";
import { VirtualClock } from "./support/clock.js";
import { HOSTILE } from "./support/hostile.js";
import { gate, virtualSession } from "./support/session.js";
import { freshRuntime } from "./support/wasm.js";

const runtime = freshRuntime();

/** What a call of a session must end with: an error of ours that can be shown. */
function expectTold(error: unknown): asserts error is EvercredsError {
  expect(error).toBeInstanceOf(EvercredsError);
  const { code, message, name } = error as EvercredsError;
  expect(["source", "malformed"]).toContain(code);
  expect(name).toBe("EvercredsError");
  expect(message.length).toBeLessThan(500);
  expect(inspect(error, { depth: Infinity, showHidden: true }).length).toBeGreaterThan(10);
}

const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value: unknown) => value,
    (error: unknown) => error,
  );

/** A call that is over before any time has passed; undefined: it is not. */
async function atOnce(call: Promise<unknown>, clock: VirtualClock): Promise<unknown> {
  let ended: unknown;
  void thrownBy(call).then((outcome) => (ended = outcome));
  for (let turn = 0; turn < 5; turn++) await clock.settled();
  return ended;
}

describe.each(HOSTILE)("%s", (_name, make) => {
  test("callers ask; the source throws it; the callers are told at once, and it is asked again", async () => {
    for (const how of ["throws", "rejects", "later"] as const) {
      const { session, clock, source } = virtualSession({}, runtime);
      const fail = () => {
        throw make();
      };
      source.answer =
        how === "throws"
          ? fail
          : how === "rejects"
            ? () => Promise.resolve().then(fail)
            : () => clock.sleep(10).then(fail);
      const callers = [1, 2, 3].map(() => thrownBy(session.credentials()));
      await clock.settled();
      if (how === "later") await clock.advance(10);
      for (const error of await Promise.all(callers)) expectTold(error);
      expectTold(session.status().lastError);
      source.answer = () => source.set();
      await clock.advance(60_000); // the longest pause that a source can ask for
      expect((await session.credentials()).accessKeyId).toBe("AKIA2");
      const { counters } = session.status();
      expect(counters).toMatchObject({ starts: 2, failures: 1, installs: 1 });
      expect(counters).toMatchObject({ unknownTickets: 0, timeOuts: 0 });
    }
  });

  test("callers ask; the source answers with it; the callers are told at once", async () => {
    const { session, clock, source } = virtualSession({}, runtime);
    source.answer = () => make() as never;
    expectTold(await atOnce(session.credentials(), clock));
    expect(session.status().counters).toMatchObject({ failures: 1, unknownTickets: 0 });
  });

  test.each(["accessKey", "secretKey", "token", "expiryTime", "expiration", "accountId"])(
    "callers ask; the source answers with it as %s; the callers are told at once",
    async (field) => {
      const { session, clock, source } = virtualSession({}, runtime);
      const { expiryTime, ...rest } = source.set() as Record<string, unknown>;
      const base = field === "expiration" ? rest : { ...rest, expiryTime };
      for (const reply of [
        { ...base, [field]: make() },
        Object.defineProperty({ ...base }, field, {
          get: () => {
            throw make();
          },
          enumerable: true,
        }),
      ]) {
        source.answer = () => reply as never;
        const outcome = await atOnce(session.refresh(), clock);
        expect(outcome).toBeDefined();
        if (outcome instanceof Error) expectTold(outcome);
      }
      expect(session.status().counters).toMatchObject({ timeOuts: 0, unknownTickets: 0 });
    },
  );

  test("callers ask; the giver of codes, or of base credentials, throws it; they are told", async () => {
    const fail = () => {
      throw make();
    };
    for (const credentials of [{ accessKeyId: "A", secretAccessKey: "S" }, fail]) {
      const clock = new VirtualClock();
      const session = withSurroundings(
        { runtime, clock },
        () =>
          new RefreshableSession({
            assumeRole: {
              RoleArn: "arn:aws:iam::123456789012:role/r",
              SerialNumber: "arn:aws:iam::123456789012:mfa/a",
            },
            maxWait: 0,
            mfaTokenProvider: credentials === fail ? () => "123456" : (fail as never),
            stsClient: {
              region: "us-east-1",
              endpoint: "http://127.0.0.1:9",
              maxAttempts: 1,
              credentials: credentials as never,
            },
          }),
      );
      const error: unknown = await thrownBy(session.credentials());
      expectTold(error);
      session.close();
    }
  });

  test("what a listener throws ends neither the session nor the process", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const { session, clock, source } = virtualSession({}, runtime);
      session.on("start", () => {
        throw make();
      });
      // eslint-disable-next-line @typescript-eslint/no-misused-promises
      session.on("refresh", async () => {
        await Promise.resolve();
        throw make();
      });
      session.on("refresh", () => make() as never);
      const heard: string[] = [];
      session.on("refresh", () => heard.push("another"));
      await session.credentials();
      await session.refresh();
      await clock.settled();
      expect(heard).toHaveLength(2);
      expect(source.calls).toBe(2);
      const told = warnings.mock.calls.map(([text]) => String(text));
      // each listener is told of once, however often it throws
      expect(told.filter((text) => text.includes('"start"'))).toHaveLength(1);
      expect(told.filter((text) => text.includes('"refresh"')).length).toBeLessThanOrEqual(2);
    } finally {
      warnings.mockRestore();
    }
  });

  test("a signal with it for its reason frees its caller, and nobody else", async () => {
    const { session, clock, source } = virtualSession({}, runtime);
    const door = gate();
    source.answer = () => door.opened.then(() => source.set());
    const leaving = new AbortController();
    let is: (reason: unknown) => boolean = () => false;
    const gone = session.credentialsFor({ signal: leaving.signal }).catch((thrown: unknown) => {
      is = (reason) => Object.is(thrown, reason);
    });
    const staying = session.credentials();
    await clock.settled();
    const reason = make();
    leaving.abort(reason);
    await gone;
    expect(is(leaving.signal.reason)).toBe(true);
    door.open();
    expect((await staying).accessKeyId).toBe("AKIA1");
  });
});

describe("signals that cannot be used", () => {
  const NO = (): never => {
    throw new Error("no");
  };
  test.each([
    ["addEventListener", { addEventListener: { value: NO } }],
    ["removeEventListener", { removeEventListener: { value: NO } }],
    ["reason", { reason: { get: NO } }],
    ["aborted", { aborted: { get: NO } }],
    ["throwIfAborted", { throwIfAborted: { value: NO } }],
  ])(
    "a %s that throws: its caller has an answer, and nothing is left behind",
    async (_name, own) => {
      const { session, clock, source } = virtualSession({}, runtime);
      const door = gate();
      source.answer = () => door.opened.then(() => source.set());
      const leaving = new AbortController();
      Object.defineProperties(leaving.signal, own);
      const callers = [1, 2].map(() =>
        thrownBy(session.credentialsFor({ signal: leaving.signal })),
      );
      const staying = session.credentials();
      await clock.settled();
      leaving.abort();
      await clock.settled();
      door.open();
      for (const outcome of await Promise.all(callers)) expect(outcome).toBeDefined();
      expect((await staying).accessKeyId).toBe("AKIA1");
      expect([...clock.timers].filter(({ holds }) => holds)).toEqual([]);
    },
  );
});

test("a subscriber of a channel that cannot be published to is no caller's failure", async () => {
  const { session, clock } = virtualSession({}, runtime);
  const broken = channel("evercreds:start");
  const off = Object.getOwnPropertyDescriptor(broken, "hasSubscribers");
  Object.defineProperty(broken, "hasSubscribers", {
    configurable: true,
    get: () => {
      throw new Error("no");
    },
  });
  try {
    expect((await session.credentials()).accessKeyId).toBe("AKIA1");
    await clock.settled();
  } finally {
    if (off === undefined) delete (broken as { hasSubscribers?: boolean }).hasSubscribers;
    else Object.defineProperty(broken, "hasSubscribers", off);
  }
});

test("a caller asks by the default; the source throws what cannot be read; it is told at once", async () => {
  const { session, clock, source } = virtualSession({ policy: "classic" });
  source.answer = () => {
    throw HOSTILE.find(([name]) => name === "a revoked proxy")?.[1]();
  };
  const error = await atOnce(session.credentials(), clock);
  expect(error).toMatchObject({ code: "source", class: "permanent" });
  expect((error as Error).cause).toBeUndefined();
});
