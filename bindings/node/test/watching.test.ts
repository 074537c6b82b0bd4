import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { EventFacts, SessionEvents, SessionLogger } from "../src/index.js";
import { EvercredsValidationError, RefreshableSession } from "../src/index.js";
import * as abi from "../src/library/abi-generated.js";
import { virtualSession } from "./support/session.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
});
afterEach(async () => {
  await standIn.clearFaults();
});

const SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYzSENTINEL";

/** What a logger was called with. */
class Records implements SessionLogger {
  readonly all: [string, string, EventFacts][] = [];
  debug = (message: string, facts: EventFacts) => this.all.push(["debug", message, facts]);
  info = (message: string, facts: EventFacts) => this.all.push(["info", message, facts]);
  warn = (message: string, facts: EventFacts) => this.all.push(["warn", message, facts]);
}

/** The facts of an object that has more. */
function factsOf(told: object, names: readonly string[]): unknown[] {
  return names.map((name) => (told as Record<string, unknown>)[name]);
}

test.each([
  ["denied", "AccessDenied", "permanent"],
  ["throttled", "Throttling", "recoverable"],
  ["away", "network", "recoverable"],
])("sessions are told apart: %s", async (name, code, errorClass) => {
  const role = standIn.role(name);
  if (code !== "network") await standIn.inject({ kind: "error", role, status: 403, code });
  const endpoint = code === "network" ? "http://127.0.0.1:1" : standIn.client.endpoint;
  const logger = new Records();
  const session = new RefreshableSession({
    assumeRole: { RoleArn: role, RoleSessionName: `of-${name}` },
    stsClient: { ...standIn.client, endpoint },
    maxWait: 0,
    logger,
  });
  const told: SessionEvents["failure"][] = [];
  session.on("failure", (event) => told.push(event));
  await expect(session.credentials()).rejects.toThrow(`${code}; assuming the role ${role})`);
  const status = session.status();
  session.close();
  const [event] = told;
  const record = logger.all.find(([level]) => level === "warn");
  expect(event).toBeDefined();
  expect(record?.[1]).toContain("a refresh failed, and callers waited for it");
  expect(record?.[1]).toContain(role);
  const expected = [`of-${name}`, role, "first", "source", errorClass, code, undefined];
  const inEvents = abi.FACTS.map(([inEvent]) => inEvent).slice(0, -1);
  expect(factsOf(event ?? {}, inEvents)).toEqual(expected);
  expect(factsOf(record?.[2] ?? {}, inEvents)).toEqual(expected);
  const inStatus = abi.FACTS.map(([, shown]) => shown).slice(0, -1);
  expect(factsOf(status, inStatus)).toEqual(expected);
  if (errorClass === "permanent") {
    expect(event?.nextAttempt).toBeInstanceOf(Date);
    expect(record?.[2].nextAttempt).toEqual(event?.nextAttempt);
    expect(status.nextAttempt).toBeInstanceOf(Date);
  }
});

test("a set is told with its end, and the cause of its refresh", async () => {
  const { session, clock } = virtualSession();
  const told: SessionEvents["refresh"][] = [];
  session.on("refresh", (event) => told.push(event));
  const { expiration } = await session.credentials();
  await clock.settled();
  expect(told).toMatchObject([{ expiry: expiration, cause: "first", errorCode: undefined }]);
  expect(session.status()).toMatchObject({ expiry: expiration, lastCause: "first" });
});

test.each([SECRET, `AccessDenied\n${SECRET}`, `AccessDenied ${SECRET}`, `${SECRET}.NotFound`, 7])(
  "nothing else is told in place of a code: %j",
  async (code) => {
    const logger = new Records();
    const { session, clock, source } = virtualSession({ logger });
    const told: object[] = [];
    session.on("failure", (event) => told.push(event));
    source.answer = () => {
      const error = new Error("no");
      return Promise.reject(
        Object.assign(error, { name: code, $fault: "client", $metadata: { httpStatusCode: 403 } }),
      );
    };
    await session.credentials().catch(() => undefined);
    await clock.settled();
    const status = session.status();
    expect(status.lastAwsErrorCode).toBeUndefined();
    expect(told).toHaveLength(1);
    const facts = told.map((event) =>
      factsOf(
        event,
        abi.FACTS.map(([name]) => name),
      ),
    );
    const text = inspect([facts, logger.all, { ...status, lastError: undefined }], { depth: 9 });
    expect(text + String(status.lastError?.message)).not.toContain(SECRET);
  },
);

const names = JSON.parse(
  readFileSync(new URL("../../../testdata/sources/names.json", import.meta.url), "utf8"),
) as { shown: string[]; hidden: string[] };
const longest = "ß".repeat(abi.LONGEST_NAME);

test.each([
  ...[...names.shown, longest].map((name) => [name, name]),
  ...[...names.hidden, `${longest}s`].map((name) => [name, undefined]),
])("a name is told that can stand in a line: %j", (name, told) => {
  const fetch = () => Promise.reject(new Error("not called"));
  Object.defineProperty(fetch, "name", { value: name });
  const session = new RefreshableSession({ method: "custom", customCredentialsMethod: fetch });
  expect(session.status().role).toBe(told);
  session.close();
});

test("a logger that throws, or gives a promise that fails, harms nobody", async () => {
  const warn = () => {
    throw new RangeError("no");
  };
  const info = () => Promise.reject(new RangeError("no"));
  const logger = { debug: info, info, warn };
  const { session, source } = virtualSession({ logger });
  await session.credentials();
  source.answer = () => Promise.reject(new Error("down"));
  await expect(session.refresh()).rejects.toThrow("the source of the credentials failed");
  expect(session.status().counters.installs).toBe(1);
});

test("what is no logger is refused", () => {
  const logger = "console" as unknown as SessionLogger;
  expect(() => virtualSession({ logger })).toThrow(EvercredsValidationError);
});

test("a refresh that did not end in time has a word too", async () => {
  const { session, clock, source } = virtualSession({ refreshTimeout: 5 });
  source.answer = () => new Promise(() => undefined);
  const asked = session.credentials().catch((error: unknown) => error);
  await clock.advance(5_000);
  expect(await asked).toMatchObject({ code: "timed-out", awsErrorCode: "timeout" });
  expect(session.status()).toMatchObject({ lastAwsErrorCode: "timeout", role: "method" });
});
