import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { expect, expectTypeOf, test, vi } from "vitest";
import type {
  ChannelMessage,
  EventFacts,
  EvercredsError,
  RefreshableSession,
  SessionEvents,
} from "../src/index.js";
import { virtualSession } from "./support/session.js";
import { freshRuntime } from "./support/wasm.js";

const NAMES = ["start", "refresh", "failure", "rejection", "degraded", "warning", "close"] as const;
const down = () => Promise.reject(new TypeError("down"));

/** Everything that a session tells from now on. */
function record(session: RefreshableSession): [string, SessionEvents[keyof SessionEvents]][] {
  const told: [string, SessionEvents[keyof SessionEvents]][] = [];
  for (const name of NAMES) session.on(name, (event) => told.push([name, event]));
  return told;
}

test("a failure that callers waited for, with its error, and what it leads to", async () => {
  const { session, clock, source } = virtualSession({ stability: "until-expiry" });
  await session.credentials();
  const told = record(session);
  source.answer = down;
  await clock.advance(3100_000);
  await session.credentials();
  await clock.settled();
  expect(told.map(([name]) => name)).toEqual(["start", "failure", "degraded"]);
  expect(told[1]?.[1]).toMatchObject({
    waited: true,
    error: { code: "source", class: "recoverable", cause: new TypeError("down") },
  });
  expect(told[2]?.[1]).toMatchObject({ remaining: 500, cause: "mandatory", errorCode: "source" });
  expect(session.status().lastError).toMatchObject({ code: "source" });
  source.answer = () => source.set();
  await session.refresh();
  expect(session.status().lastError).toBeUndefined();
});

test("windows that do not fit the lifetime are told of once", async () => {
  const { session, clock, source } = virtualSession({ advisoryTimeout: 3600 });
  const told = record(session);
  source.lifetime = 1000;
  await session.credentials();
  await session.refresh();
  await clock.settled();
  const warnings = told.filter(([name]) => name === "warning");
  expect(warnings).toMatchObject([
    ["warning", { message: expect.stringContaining("advisoryTimeout") as string }],
  ]);
});

test("nothing that is told is secret", async () => {
  const { session, clock, source } = virtualSession();
  const told = record(session);
  await session.credentials();
  source.answer = () => ({ ...source.set(), expiryTime: "secret-of-all" });
  await session.refresh().catch(() => undefined);
  await clock.settled();
  expect(told.length).toBeGreaterThan(3);
  expect(inspect(told, { depth: Infinity, showHidden: true })).not.toMatch(/secret-of|token-of/);
});

test("a listener may use the session, and can be taken out", async () => {
  const { session, clock } = virtualSession();
  const seen: string[] = [];
  const off = session.on("refresh", () => {
    void session.credentials().then(({ accessKeyId }) => seen.push(accessKeyId));
  });
  await session.credentials();
  await clock.settled();
  off();
  await session.refresh();
  await clock.settled();
  expect(seen).toEqual(["AKIA1"]);
});

test("what a listener throws is told once, by its name and place, and ends nothing", async () => {
  const { session, clock } = virtualSession();
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  try {
    session.on("start", () => {
      throw new RangeError("a listener's own words");
    });
    await session.credentials();
    await session.refresh();
    await clock.settled();
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'a listener of "start" failed (RangeError); this is told once',
      { type: "EvercredsWarning", detail: expect.stringContaining("events.test") as string },
    );
    expect(inspect(warn.mock.calls)).not.toContain("own words");
  } finally {
    warn.mockRestore();
  }
});

test("events have types, and unknown ones are refused", () => {
  const { session } = virtualSession();
  session.on("failure", (event) => {
    expectTypeOf(event).toEqualTypeOf<EventFacts & { error: EvercredsError; waited: boolean }>();
  });
  const on = session.on.bind(session) as (...args: unknown[]) => void;
  expect(() => {
    on("refreshed", () => undefined);
  }).toThrow("event must be one of start, refresh");
  expect(() => {
    on("refresh", "x");
  }).toThrow("listener must be a function");
});

test("channels tell of the events of all sessions, by number and method", async () => {
  const told: [string, ChannelMessage<keyof SessionEvents>][] = [];
  const heard = (message: unknown, channel: string | symbol) =>
    told.push([String(channel), message as ChannelMessage<keyof SessionEvents>]);
  for (const name of NAMES) subscribe(`evercreds:${name}`, heard);
  const runtime = freshRuntime();
  const first = virtualSession({}, runtime);
  const second = virtualSession({ stability: "until-expiry" }, runtime);
  await first.session.credentials();
  await second.session.credentials();
  await second.clock.advance(3601_000);
  second.source.answer = down;
  await expect(second.session.credentials()).rejects.toThrow("the source");
  first.session.invalidate();
  first.session.close();
  await first.clock.settled();
  for (const name of NAMES) unsubscribe(`evercreds:${name}`, heard);
  second.session.close();
  await second.clock.settled();
  const method = "custom";
  const error = expect.objectContaining({ code: "source" }) as EvercredsError;
  const one = told[0]?.[1].session ?? 0; // other tests of this process have sessions too
  expect(told).toMatchObject([
    ["evercreds:start", { session: one, method, cause: "first" }],
    ["evercreds:refresh", { session: one, method, remaining: 3600 }],
    ["evercreds:start", { session: one + 1, method, cause: "first" }],
    ["evercreds:refresh", { session: one + 1, method, remaining: 3600 }],
    ["evercreds:start", { session: one + 1, method, cause: "mandatory" }],
    ["evercreds:failure", { session: one + 1, method, error, waited: true }],
    ["evercreds:rejection", { session: one, method, scope: "all", spaced: false }],
    ["evercreds:close", { session: one, method }],
  ]);
  expect(inspect(told, { depth: 9, showHidden: true })).not.toMatch(/secret-of|token-of/);
});
