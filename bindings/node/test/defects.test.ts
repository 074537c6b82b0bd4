// The defects measured in the predecessor (docs/evidence/defects.md), and the tests that would
// show each of them here. A mark without a test has the reason why it cannot be.
import { existsSync, readFileSync } from "node:fs";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { virtualSession } from "./support/session.js";

/** The title of a test in a file of tests, a host scenario, or why there can be none. */
type Entry = readonly [file: string, title: string] | { scenario: string } | { cannotBe: string };

const scenario = (name: string): Entry => ({ scenario: name });
const noSuch = (cannotBe: string): Entry => ({ cannotBe });

const DEFECTS: Readonly<Record<string, Entry>> = {
  I1: ["sts", "whoami tells of the assumed role, not of the base credentials"],
  I2: ["base", "the session's own client of STS is the assumed role, also after it was evicted"],
  I3: [
    "base",
    "two sessions on the same settings sign as themselves, and leave the settings alone",
  ],
  I4: [
    "base",
    "two sessions on the same settings sign as themselves, and leave the settings alone",
  ],
  I5: ["base", "base credentials are asked for again once they are old"],
  I6: ["custom", "a reply with %s is read"],
  I8: ["defects", "a session is an instance of its class"],
  I10: ["custom", "a set is held; the source %s its own session; it is refused at once"],
  R1: noSuch("there is no registry of methods: a method of one's own is a function"),
  W1: ["session", "windows that are given hold in a deferred session too"],
  W2: scenario("windows_that_do_not_fit"),
  W4: ["options", "custom: %s = %s is refused by name"],
  W5: ["options", "custom: %s = %s is refused by name"],
  W6: scenario("eager_session_fetches_by_itself"),
  W7: scenario("advisory_refresh_keeps_nobody_waiting"),
  W8: scenario("advisory_failure_is_nobodys_error"),
  W10: ["scenarios", "a source that fails: one call, and everybody has its error"],
  W11: scenario("mandatory_failure_is_shown_by_strict"),
  W12: scenario("wall_clock_goes_back"),
  W15: ["sts", "a server whose clock is ahead: its Date counts, not the local clock"],
  T2: ["defects", "a source that is cancelled in the advisory window disturbs nobody"],
  T3: [
    "scenarios",
    "a source that hangs: everybody is freed at the time-out, and the process runs on",
  ],
  P1: ["custom", "a reply with %s is a failure that says so"],
  P2: ["defects", "a malformed reply leaves what is held whole, and a later one is taken"],
  P3: ["custom", "a reply with %s is a failure that says so"],
  P4: ["custom", "a reply with %s is a failure that says so"],
  P5: ["custom", "a reply with %s is read"],
  P8: ["custom", "a reply with %s is a failure that says so"],
  C1: ["defects", "16 tasks that ask for one cold client get one, made once"],
  C2: [
    "cache",
    "a smaller bound forgets at once; 0 keeps nothing; below 0 counts without its sign",
  ],
  C3: ["cache", "are the same for equal settings: %s"],
  C4: noSuch("the SDK for JavaScript has no resources"),
  C5: noSuch("the SDK for JavaScript has no resources"),
  C7: ["consumers", "strict programs compile on the packed types, which are checked too"],
  C9: [
    "cache",
    "a smaller bound forgets at once; 0 keeps nothing; below 0 counts without its sign",
  ],
  C10: noSuch("the language has no checks that an option of the engine removes"),
  S1: ["cache", "show no secret of their settings in the cache"],
  S2: ["cache", "show no secret of their settings in the cache"],
  S3: ["cache", "show no secret of their settings in the cache"],
  S4: ["secrets", "shows none of them"],
  S5: ["secrets", "are not told in errors (%#)"],
  S6: ["mfa", "that %s is a permanent failure, of which nothing is told"],
  S9: ["mfa", "that %s is a permanent failure, of which nothing is told"],
  M3: [
    "base",
    "two sessions on the same settings sign as themselves, and leave the settings alone",
  ],
  M4: ["sts", "MFA: a provider that gives %s sends nothing"],
  M5: ["base", "a code that was sent is not sent again"],
  M7: ["mfa", "that %s is a permanent failure, of which nothing is told"],
  M8: ["options", "sts: %s = %s is refused by name"],
  F1: ["workers", "%s: signed calls over refreshes, each on a session of its own"],
  F2: ["workers", "%s: signed calls over refreshes, each on a session of its own"],
  A1: [
    "scenarios",
    "a source that hangs: everybody is freed at the time-out, and the process runs on",
  ],
  X1: ["iot", "%s = %s is refused by name"],
  X2: ["iot", "files are read again for each refresh, and a bad one spares what is held"],
  X3: ["iot", "%s %o"],
  X4: ["iot", "a server that hangs: callers are freed at the time-out of the call"],
  X5: ["iot", "nothing of the key is shown"],
  X7: ["iot", "the TLS context is the same one until a file changes"],
  X8: ["mqtt-websockets", "a message comes back, and the request was signed"],
};

const sourceOf = (file: string) =>
  readFileSync(new URL(`${file}.test.ts`, import.meta.url), "utf8");

describe("each defect of the predecessor", () => {
  test("is in the table", () => {
    const page = readFileSync(
      new URL("../../../docs/evidence/defects.md", import.meta.url),
      "utf8",
    );
    const known = [...page.matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, mark]) => mark);
    expect(known.length).toBeGreaterThan(40);
    expect(Object.keys(DEFECTS)).toEqual(known);
  });

  test.each(Object.entries(DEFECTS))("%s has a test of that name, or a reason", (_mark, entry) => {
    if ("cannotBe" in entry) {
      expect(entry.cannotBe).not.toBe("");
      return;
    }
    if ("scenario" in entry) {
      const place = `../../../testdata/host/${entry.scenario}.trace`;
      expect(existsSync(new URL(place, import.meta.url)), entry.scenario).toBe(true);
      return;
    }
    const [file, title] = entry;
    // behind `test(`, `describe(`, or the brackets of a table
    const quoted = JSON.stringify(title).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    expect(sourceOf(file)).toMatch(new RegExp(`\\(\\s*${quoted},`));
  });
});

test("a session is an instance of its class", () => {
  const custom = {
    method: "custom",
    customCredentialsMethod: () => Promise.reject(new Error()),
  } as const;
  const sts = { assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/app" } };
  for (const options of [custom, sts]) {
    expect(new RefreshableSession(options)).toBeInstanceOf(RefreshableSession);
  }
});

test.each<[string, unknown]>([
  ["an abort of its own", new DOMException("cancelled", "AbortError")],
  ["nothing", undefined],
  ["a text", "cancelled"],
])("a source that is cancelled in the advisory window disturbs nobody", async (_name, thrown) => {
  const { session, clock, source } = virtualSession();
  await session.credentials();
  // what is thrown need not be an error
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  source.answer = () => Promise.reject(thrown);
  await clock.advance((3600 - 800) * 1000);
  expect((await session.credentials()).accessKeyId).toBe("AKIA1");
  await clock.settled();
  source.answer = () => source.set();
  await clock.advance(60_000);
  await session.credentials();
  await clock.settled();
  expect((await session.credentials()).accessKeyId).toBe("AKIA3");
});

test("a malformed reply leaves what is held whole, and a later one is taken", async () => {
  const { session, clock, source } = virtualSession();
  const held = await session.credentials();
  source.answer = () => ({ ...source.set(), expiryTime: "tomorrow" });
  await expect(session.refresh()).rejects.toMatchObject({ code: "malformed" });
  expect(await session.credentials()).toBe(held);
  source.answer = () => source.set();
  await clock.advance(3600_000);
  const { accessKeyId, secretAccessKey, sessionToken } = await session.credentials();
  expect([accessKeyId, secretAccessKey, sessionToken]).toEqual([
    "AKIA3",
    "secret-of-3",
    "token-of-3",
  ]);
});

test("16 tasks that ask for one cold client get one, made once", async () => {
  const { session } = virtualSession();
  let made = 0;
  class Counted extends S3Client {
    constructor(config: { region: string }) {
      super(config);
      made++;
    }
  }
  const task = async () => {
    await Promise.resolve();
    return session.client(Counted, { region: "eu-west-1" });
  };
  const clients = await Promise.all(Array.from({ length: 16 }, task));
  expect(new Set(clients).size).toBe(1);
  expect(made).toBe(1);
});
