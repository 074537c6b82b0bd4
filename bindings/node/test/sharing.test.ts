import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { EvercredsError } from "../src/index.js";
import type { CommonOptions, CustomCredentialsMethod, RefreshableSession } from "../src/index.js";
import { SourceFailure } from "../src/sources/source.js";
import { virtualSession } from "./support/session.js";

type Source = ReturnType<typeof virtualSession>["source"];

/** How sources fail, and what comes of it for their callers. */
const FAILURES: Record<string, { options?: CommonOptions; answer: CustomCredentialsMethod }> = {
  "an error of its own": { answer: () => Promise.reject(new RangeError("down")) },
  "no error at all": {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    answer: () => Promise.reject("down"),
  },
  "a reply that cannot be read": { answer: () => ({}) as never },
  "an expired reply": {
    answer: () => ({ accessKey: "A", secretKey: "S", token: "T", expiryTime: new Date(0) }),
  },
  "an error of another session's": {
    answer: () => {
      const parent = virtualSession();
      parent.source.answer = () => Promise.reject(new RangeError("the parent's"));
      return parent.session.credentials();
    },
  },
};

/** All that a caller could change of an error, but for what the source threw. */
function spoil(error: EvercredsError): void {
  const open = error as unknown as Record<string, unknown>;
  (open["retryAt"] as Date | undefined)?.setTime(0);
  for (const name of Reflect.ownKeys(error)) {
    if (name === "cause") continue;
    try {
      open[name as string] = "SPOILT";
    } catch {
      // it cannot be changed: so much the better
    }
  }
  const { cause } = error;
  // a failure that is ours to word is not to be reworded for the others
  if (cause instanceof SourceFailure) {
    expect(() => ((cause.how as { class: string }).class = "SPOILT")).toThrow(TypeError);
  }
  if (cause instanceof Error) {
    cause.message = "SPOILT";
    cause.name = "SPOILT";
  }
}

const facts = (error: EvercredsError) => {
  const { name, code, class: kind, message, parameter } = error;
  return { name, code, kind, message, parameter, retryAt: error.retryAt?.getTime() };
};

function lastError(session: Pick<RefreshableSession, "status">): EvercredsError {
  const { lastError: error } = session.status();
  if (error === undefined) throw new Error("no failure is known");
  return error;
}

/** Has a session fail for many callers, and gives what each got. */
async function failures(of: { options?: CommonOptions; answer: CustomCredentialsMethod }) {
  const made = virtualSession(of.options);
  made.source.answer = of.answer;
  const callers = Array.from({ length: 20 }, (_, n) =>
    n % 4 === 3 ? made.session.credentialsFor({ minTtl: 1 }) : made.session.credentials(),
  );
  const outcomes = await Promise.all(callers.map((call) => call.catch((e: unknown) => e)));
  const errors = outcomes.map((error) => {
    expect(error).toBeInstanceOf(EvercredsError);
    return error as EvercredsError;
  });
  return { ...made, errors };
}

describe.each(Object.entries(FAILURES))(
  "many callers ask; the source fails with %s",
  (_name, how) => {
    test("each has an error of its own, in the same words", async () => {
      const { errors, session } = await failures(how);
      const all = [...errors, lastError(session)];
      expect(new Set(all).size).toBe(all.length);
      const dates = all.flatMap(({ retryAt }) => retryAt ?? []);
      expect(new Set(dates).size).toBe(dates.length);
      const causes = new Set(errors.map(({ cause }) => cause));
      expect(causes.size).toBe(1); // what the source threw, as it is
      const [first] = errors.map(facts);
      for (const error of errors) expect(facts(error)).toEqual(first);
    });

    test("caller A spoils its own; nobody else sees it, nor who comes later", async () => {
      const { errors, session, source } = await failures(how);
      const [first, ...others] = errors as [EvercredsError, ...EvercredsError[]];
      const before = others.map(facts);
      const status = session.status();
      const later = facts(lastError(session));
      spoil(first);
      spoil(lastError({ status: () => status }));
      (status.counters as { failures: number }).failures = 99;
      expect(others.map(facts)).toEqual(before);
      const again = session.status();
      expect(facts(lastError(session))).toEqual(later);
      expect(again.counters.failures).toBe(1);
      source.answer = () => source.set();
      expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    });
  },
);

describe("many callers are served with one set", () => {
  const spoiling: Record<string, (source: Source) => void> = {
    "a Date of the source's": (source) => {
      const expiryTime = new Date(source.now() + 3_600_000);
      source.answer = () => ({ ...source.set(), expiryTime });
    },
    "a text of the source's": (source) => {
      source.answer = () => ({
        ...source.set(),
        expiryTime: new Date(source.now() + 3_600_000).toISOString(),
      });
    },
  };

  test.each(Object.entries(spoiling))(
    "caller A changes what it got: %s",
    async (_name, prepare) => {
      const { session, source } = virtualSession();
      prepare(source);
      const [mine, theirs] = await Promise.all([session.credentials(), session.credentials()]);
      const expiry = Date.UTC(2026, 0, 1, 1);
      mine.expiration?.setTime(0);
      const open = mine as unknown as Record<string, unknown>;
      for (const name of ["accessKeyId", "secretAccessKey", "sessionToken", "expiration", "more"]) {
        expect(() => (open[name] = "SPOILT")).toThrow(TypeError);
      }
      // where clients of the SDK note how credentials came about
      (open["$source"] as Record<string, string>)["CREDENTIALS_CODE"] = "e";
      for (const set of [theirs, await session.credentials(), { ...mine }]) {
        expect(set.expiration).toEqual(new Date(expiry));
        expect(Object.keys(set)).toEqual([
          ...["accessKeyId", "secretAccessKey", "sessionToken", "expiration"],
        ]);
        expect((set as { $source?: object }).$source ?? {}).toEqual({});
      }
      expect(session.status().remaining).toBe(3600);
      expect(structuredClone(theirs).expiration).toEqual(new Date(expiry));
      expect(JSON.parse(JSON.stringify(theirs))).toHaveProperty("expiration");
    },
  );

  test("the source changes its reply afterwards; nobody sees it", async () => {
    const { session, source } = virtualSession();
    const reply = source.set() as { accessKey: string; expiryTime: Date };
    source.answer = () => reply as never;
    await session.credentials();
    reply.accessKey = "SPOILT";
    reply.expiryTime.setTime(0);
    const set = await session.credentials();
    expect(set).toMatchObject({
      accessKeyId: "AKIA0",
      expiration: new Date(Date.UTC(2026, 0, 1, 1)),
    });
  });
});

test("a listener changes what it was told; the others were told the same", async () => {
  const { session, clock, source } = virtualSession();
  source.answer = () => Promise.reject(new RangeError("down"));
  const told: unknown[] = [];
  const hear = (event: unknown) => {
    const { error } = event as { error: EvercredsError };
    told.push(error.message, error.code);
    spoil(error);
    Object.assign(event as object, { waited: "SPOILT" });
  };
  session.on("failure", hear);
  session.on("failure", (event) => {
    expect(event.waited).toBe(true);
    hear(event);
  });
  subscribe("evercreds:failure", hear);
  const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
  await clock.settled();
  unsubscribe("evercreds:failure", hear);
  const { message } = error as Error;
  expect(told).toEqual([message, "source", message, "source", message, "source"]);
});
