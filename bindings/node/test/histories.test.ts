import { expect, test } from "vitest";
import type { EvercredsError, RefreshableSession } from "../src/index.js";
import type { CommonOptions } from "../src/options.js";
import type { AwsCredentials } from "../src/sources/source.js";
import { random } from "./support/random.js";
import { virtualSession } from "./support/session.js";

const OPTIONS: CommonOptions[] = [
  {},
  { policy: "classic" },
  { deferRefresh: false, policy: "classic" },
  { policy: "adaptive", deferRefresh: false },
  { advisoryRefresh: "inline", advisoryTimeout: 120, mandatoryTimeout: 30 },
  { stability: "until-expiry", jitter: true },
];

const LEAVING = new Error("the caller left");
const SPANS = [0, 100, 5_000, 60_000, 300_000, 900_000, 4_000_000];

test.each(Array.from({ length: 25 }, (_, seed) => seed))("random history %i", async (seed) => {
  const next = random(seed + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const { session, clock, source } = virtualSession({ ...pick(OPTIONS), refreshTimeout: 30 });
  let running = 0;
  let mostRunning = 0;
  let pending = 0;

  source.answer = async ({ signal }) => {
    mostRunning = Math.max(mostRunning, ++running);
    try {
      const delay = pick([0, 0, 50, 2_000, 29_999, 31_000, 200_000]);
      if (delay > 0) await clock.sleep(delay);
      if (next() < 0.3) throw new Error(signal.aborted ? "given up" : "down");
      source.lifetime = pick([5, 900, 3600, 43200]);
      return source.set();
    } finally {
      running--;
    }
  };

  const served = (set: AwsCredentials) => {
    // the caller's turn comes in the very instant of the decision
    expect(set.expiration?.getTime()).toBeGreaterThan(clock.wall());
    expect(set.secretAccessKey).toBe(set.accessKeyId.replace("AKIA", "secret-of-"));
    expect(set.sessionToken).toBe(set.accessKeyId.replace("AKIA", "token-of-"));
  };
  const refused = (error: unknown) => {
    if (error !== LEAVING) expect((error as EvercredsError).name).toBe("EvercredsError");
  };
  const follow = (call: Promise<AwsCredentials>) => {
    pending++;
    return call.then(served, refused).finally(() => pending--);
  };

  /** A service refuses what somebody has, who wants another. */
  const report = async (of: RefreshableSession) => {
    const refused = await of.credentials();
    const another = await of.credentialsFor({ otherThan: refused });
    expect(another.accessKeyId).not.toBe(refused.accessKeyId);
    return another;
  };

  const callers: Promise<unknown>[] = [];
  for (let step = 0; step < 120; step++) {
    const leaving = new AbortController();
    const n = next();
    if (n < 0.6) callers.push(follow(session.credentials()));
    else if (n < 0.75) callers.push(follow(session.credentialsFor({ signal: leaving.signal })));
    else if (n < 0.8) callers.push(follow(session.credentialsFor({ minTtl: 600 })));
    else if (n < 0.83) callers.push(follow(session.refresh()));
    else if (n < 0.86) callers.push(follow(report(session)));
    else if (n < 0.9) session.invalidate();
    else clock.deaf = next() < 0.2;
    if (next() < 0.5) leaving.abort(LEAVING);
    await clock.advance(pick(SPANS));
  }

  clock.deaf = false;
  await clock.advance(300_000);
  await Promise.all(callers); // nobody waits for ever
  expect(pending).toBe(0);
  expect(mostRunning).toBeLessThanOrEqual(2); // a flight, and one that timed out and runs on
  const { counters } = session.status();
  expect(counters.starts).toBe(source.calls);
  expect(counters.unknownTickets).toBe(0);
  session.close();
  expect([...clock.timers].filter(({ holds }) => holds)).toEqual([]);
});
