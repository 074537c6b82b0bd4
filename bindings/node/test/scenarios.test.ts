// Crowds and bad days, each against what the stand-in counts: one session of STS on
// real clients, 500 callers at once.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Clock, systemClock } from "../src/common/clock.js";
import { RefreshableSession, type StsOptions } from "../src/index.js";
import { withSurroundings } from "../src/session.js";
import { Gate } from "./support/gate.js";
import { LATE_MS, until } from "./support/patience.js";
import { StandIn } from "./support/stand-in.js";

const CROWD = 500;
let standIn: StandIn;
let roles = 0;
const open: RefreshableSession[] = [];

beforeAll(async () => {
  standIn = await StandIn.start();
});
afterEach(async () => {
  await standIn.clearFaults();
  for (const session of open.splice(0)) session.close();
});
afterAll(() => standIn.stop());

/** A session with a role of its own, on a wall clock that a test may set. */
function start(options: Partial<StsOptions> = {}) {
  const role = standIn.role(`scenario-${++roles}`);
  const wall = { offsetMs: 0 };
  const clock: Clock = { ...systemClock, wall: () => systemClock.wall() + wall.offsetMs };
  const session = withSurroundings(
    { clock },
    () =>
      new RefreshableSession({
        stsClient: standIn.client,
        maxWait: 0, // each failure is told at once
        ...options,
        assumeRole: { RoleArn: role },
      }),
  );
  open.push(session);
  const crowd = () =>
    Promise.allSettled(Array.from({ length: CROWD }, () => session.credentials()));
  const asked = () => standIn.asked(role);
  return { role, session, wall, crowd, asked };
}

/** The access keys that a crowd was given; fails if one of it was not. */
function keys(results: PromiseSettledResult<{ accessKeyId: string }>[]): string[] {
  const found = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value.accessKeyId;
  });
  return [...new Set(found)];
}

test("500 callers at once: one call of STS, one set, which signs", async () => {
  const { session, crowd, asked } = start();
  expect(keys(await crowd())).toHaveLength(1);
  expect(await asked()).toMatchObject({ attempts: 1, successes: 1, failures: 0 });
  const { endpoint, region } = standIn.client;
  const sts = session.client(STSClient, { endpoint, region });
  const calls = Array.from({ length: CROWD }, () => sts.send(new GetCallerIdentityCommand({})));
  expect(new Set((await Promise.all(calls)).map(({ Arn }) => Arn)).size).toBe(1);
  expect((await asked()).attempts).toBe(1);
  sts.destroy();
});

test("an expiry with nobody there: the crowd that comes waits for one call", async () => {
  const { role, session, crowd, asked } = start();
  await standIn.setLifetime(role, 2000);
  const [first] = keys(await crowd());
  await until(() => session.status().phase === "expired");
  const second = keys(await crowd());
  expect(second).toHaveLength(1);
  expect(second).not.toContain(first);
  expect(await asked()).toMatchObject({ attempts: 2, successes: 2, failures: 0 });
});

test("a source that fails: one call, and everybody has its error", async () => {
  const { role, session, crowd, asked } = start();
  await standIn.inject({ kind: "http", role, status: 503 });
  for (const result of await crowd()) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "source" } });
  }
  expect(await asked()).toMatchObject({ attempts: 1, successes: 0, failures: 1 });
  await standIn.clearFaults();
  await until(() => session.credentials().then(() => true, () => false)); // prettier-ignore
  expect((await asked()).successes).toBe(1);
});

test("a source that hangs: everybody is freed at the time-out, and the process runs on", async () => {
  const { role, crowd, asked } = start({ refreshTimeout: 1 });
  await standIn.inject({ kind: "hang", role });
  let turns = 0;
  const ticking = setInterval(() => turns++, 10);
  const from = performance.now();
  for (const result of await crowd()) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "timed-out" } });
  }
  clearInterval(ticking);
  expect(performance.now() - from).toBeLessThan(LATE_MS);
  expect(turns).toBeGreaterThan(5);
  expect((await asked()).attempts).toBe(1);
});

test("callers that are cancelled: the call goes on for those who stay", async () => {
  const warnings: string[] = [];
  const heard = ({ name }: Error) => warnings.push(name);
  process.on("warning", heard);
  const sts = await Gate.start(standIn.client.endpoint);
  const { session, crowd, asked } = start({
    stsClient: { ...standIn.client, endpoint: sts.origin },
  });
  const hanging = sts.shut();
  const leaving = new AbortController();
  const left = Promise.allSettled(
    Array.from({ length: CROWD }, () => session.credentialsFor({ signal: leaving.signal })),
  );
  const stayed = crowd();
  await hanging;
  leaving.abort(new Error("no longer needed"));
  for (const result of await left) {
    expect(result).toMatchObject({ status: "rejected", reason: { message: "no longer needed" } });
  }
  expect(session.status().refreshing).toBe(true);
  sts.open();
  expect(keys(await stayed)).toHaveLength(1);
  process.off("warning", heard);
  expect(warnings).not.toContain("MaxListenersExceededWarning"); // all had one signal
  expect(await asked()).toMatchObject({ attempts: 1, successes: 1, failures: 0 });
  await sts.stop();
});

test("an expired reply: an error of its own, and what is held is served on", async () => {
  const { role, session, crowd, asked } = start();
  const [held] = keys(await crowd());
  await standIn.inject({ kind: "expired", role });
  await expect(session.refresh()).rejects.toMatchObject({ code: "expired-reply" });
  expect(keys(await crowd())).toEqual([held]);
  expect((await asked()).attempts).toBe(2);
});

test("a clock that is put on by two hours, then back: one call for each step, and no storm", async () => {
  const { session, wall, crowd, asked } = start();
  const { endpoint, region } = standIn.client;
  const sts = session.client(STSClient, { endpoint, region });
  for (const [offsetMs, attempts] of [
    [0, 1],
    [2 * 3600_000, 2], // by this clock, what is held has expired
    [-2 * 3600_000, 3],
    [0, 4],
  ] as const) {
    wall.offsetMs = offsetMs;
    expect(keys(await crowd())).toHaveLength(1);
    await sts.send(new GetCallerIdentityCommand({}));
    keys(await crowd());
    expect((await asked()).attempts).toBeLessThanOrEqual(attempts);
    expect(session.status()).toMatchObject({ phase: "fresh", lastError: undefined });
  }
  expect((await asked()).attempts).toBeGreaterThan(1);
  sts.destroy();
});
