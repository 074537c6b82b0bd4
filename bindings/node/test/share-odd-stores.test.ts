import { describe, expect, it } from "vitest";
import { runInNewContext } from "node:vm";
import { RefreshableSession } from "../src/index.js";
import { recordOf } from "../src/share/answers.js";
import { CompareAndSwapStore, type Store, type Versions } from "../src/share/index.js";
import { Keyring } from "../src/share/keys.js";
import type { StoreRecord } from "../src/share/store.js";
import { seal } from "../src/share/sealed.js";
import { fingerprint, hexOf } from "../src/library/fingerprint.js";
import { until } from "./support/patience.js";

// Stores of users' may answer anything. What becomes of it: the refresh goes alone, the
// session tells why, and no caller gets an error.

const KEY = new Uint8Array(32).fill(7);
const ZEROS = "0".repeat(16);
const FIGURES = { callMs: 10_000 }; // a machine under load is no fault

/** A map with versions. */
class InMemory implements Versions {
  readonly values = new Map<string, { value: Uint8Array; version: number }>();

  get(key: string) {
    const { value, version } = this.values.get(key) ?? {};
    return Promise.resolve({ value, version, clockMs: Date.now() });
  }

  put(key: string, value: Uint8Array, before: { version: unknown }): Promise<boolean> {
    const version = this.values.get(key)?.version;
    if (version !== before.version) return Promise.resolve(false);
    this.values.set(key, { value, version: (version ?? 0) + 1 });
    return Promise.resolve(true);
  }
}

type Calls = "read" | "campaign" | "publish" | "resign";

/** A store whose call does what it is told; the others are in order. */
function storeThat(
  call: Calls | undefined,
  does: (...args: never[]) => unknown,
  engine = new InMemory(),
) {
  const store = new CompareAndSwapStore(engine, FIGURES);
  const asked: Record<Calls, unknown[][]> = { read: [], campaign: [], publish: [], resign: [] };
  const made = (name: Calls) =>
    function (...args: never[]) {
      asked[name].push(args);
      if (name === call) return does(...args);
      return (store[name] as (...args: never[]) => unknown)(...args);
    };
  const odd = { figures: FIGURES, read: made("read"), campaign: made("campaign") };
  const whole = { ...odd, publish: made("publish"), resign: made("resign") };
  return { store: whole as unknown as Store, asked, engine };
}

/** A session by such a store, and what it tells. */
function open(store: Store) {
  let calls = 0;
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: () => ({
      accessKey: `AKIA${++calls}`,
      ...{ secretKey: "secret", token: `token-${Math.random()}` },
      expiryTime: new Date(Date.now() + 3_600_000),
    }),
    ...{ share: store, shareKey: KEY, shareId: "odd" },
  });
  const told: string[] = [];
  session.on("share", ({ share, reason }) =>
    told.push(reason === undefined ? share : `${share} ${reason}`),
  );
  return { session, told, calls: () => calls };
}

async function isAlone(store: Store, reason: string): Promise<void> {
  const { session, told, calls } = open(store);
  expect((await session.credentials()).accessKeyId).toBe("AKIA1");
  expect(calls()).toBe(1);
  await until(() => told.includes(`store-failed ${reason}`));
  expect(session.status().counters.shareFailures).toBeGreaterThan(0);
  session.close();
}

const RECORD: StoreRecord = {
  ...{ number: 0, owner: "", turnLeftMs: 0, notice: new Uint8Array(), noticeLeftMs: 0 },
  ...{ clockMs: 0 },
  entry: { sealed: new Uint8Array(), generation: 0, fingerprint: ZEROS, expiryMs: 0 },
};
const entry = (more: object) => ({ ...RECORD, entry: { ...RECORD.entry, ...more } });

describe("A asks; what the store answers is no record; A goes alone, and tells why", () => {
  const records: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    "a number": 5,
    "a text": "record",
    "an empty object": {},
    "a number in text": { ...RECORD, number: "0" },
    "a negative number": { ...RECORD, number: -1 },
    "half a number": { ...RECORD, turnLeftMs: 0.5 },
    "no number": { ...RECORD, noticeLeftMs: NaN },
    "a number beyond all": { ...RECORD, clockMs: 2 ** 60 },
    "a long integer": { ...RECORD, number: 0n },
    "an owner in bytes": { ...RECORD, owner: Buffer.alloc(32) },
    "a notice in text": { ...RECORD, notice: "notice" },
    "no entry at all": { ...RECORD, entry: undefined },
    "an entry in text": entry({ sealed: "sealed" }),
    "an entry as a list": entry({ sealed: [1, 2, 3] }),
    "an entry without a view": entry({ sealed: new ArrayBuffer(500) }),
    "a fingerprint of another type": entry({ sealed: Buffer.alloc(500), fingerprint: 5 }),
    "a generation of another type": entry({ sealed: Buffer.alloc(500), generation: null }),
  };
  it.each(Object.entries(records))("a look: %s", async (_what, answer) => {
    await isAlone(storeThat("read", () => answer).store, "record"); // not even a promise
    await isAlone(storeThat("read", () => Promise.resolve(answer)).store, "record");
  });

  const turns: Record<string, unknown> = {
    nothing: undefined,
    "a boolean": true,
    "a word": { won: "yes", number: 1, leftMs: 0, clockMs: 0 },
    "a negative number": { won: true, number: -1, leftMs: 0, clockMs: 0 },
    "half a number": { won: true, number: 1.5, leftMs: 0, clockMs: 0 },
    "a clock in text": { won: true, number: 1, leftMs: 0, clockMs: "now" },
  };
  it.each(Object.entries(turns))("a campaign: %s", async (_what, answer) => {
    await isAlone(storeThat("campaign", () => Promise.resolve(answer)).store, "record");
  });

  const publications: Record<string, unknown> = {
    nothing: undefined,
    "a boolean": true,
    "a word": { stored: "no", clockMs: 0 },
    "a negative clock": { stored: true, clockMs: -1 },
  };
  it.each(Object.entries(publications))("a publication: %s", async (_what, answer) => {
    await isUnpublished(storeThat("publish", () => Promise.resolve(answer)).store);
  });
});

/** A has its set already: the failure is counted, and nothing counts as published. */
async function isUnpublished(store: Store): Promise<void> {
  const { session, calls } = open(store);
  await session.credentials();
  expect(calls()).toBe(1);
  await until(() => session.status().counters.shareFailures > 0);
  expect(session.status().counters.sharePublished).toBe(0);
  session.close();
}

describe("A asks; the store fails oddly; A goes alone, and tells why", () => {
  /* eslint-disable @typescript-eslint/prefer-promise-reject-errors -- stores do */
  const failures: Record<string, () => unknown> = {
    "rejects with nothing": () => Promise.reject(undefined),
    "rejects with null": () => Promise.reject(null),
    "rejects with a text": () => Promise.reject("down"),
    "rejects with what cannot be read": () =>
      Promise.reject(
        new Proxy(new Error("x"), {
          get: () => expect.unreachable(),
          getPrototypeOf: () => expect.unreachable(),
        }),
      ),
    throws: () => {
      throw new Error("down");
    },
    "throws nothing": () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw undefined;
    },
    "gives a promise whose then throws": () => ({
      then() {
        throw new Error("then");
      },
    }),
    "gives an answer whose fields throw": () =>
      Promise.resolve(new Proxy({}, { get: (_, name) => name !== "then" && expect.unreachable() })),
  };
  /* eslint-enable @typescript-eslint/prefer-promise-reject-errors */
  it.each(Object.entries(failures))("read, campaign or publish %s", async (_what, fail) => {
    await isAlone(storeThat("read", fail).store, "store");
    await isAlone(storeThat("campaign", fail).store, "store");
    await isUnpublished(storeThat("publish", fail).store);
  });

  it("an answer twice, and an error after it: the first is taken", async () => {
    const { store, asked } = storeThat("read", () => ({
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve(RECORD);
        resolve(undefined);
        reject(new Error("late"));
      },
    }));
    const { session, told, calls } = open(store);
    await session.credentials();
    expect(calls()).toBe(1);
    await until(() => told.includes("published"));
    expect(asked.read).toHaveLength(1);
    session.close();
  });

  it("no answer at all: there are never more than some calls", async () => {
    const { store, asked } = storeThat("publish", () => new Promise(() => undefined));
    const { session } = open(store);
    for (let i = 0; i < 60; i++) await session.refresh();
    expect(asked.publish.length).toBeGreaterThan(0);
    expect(asked.publish.length).toBeLessThanOrEqual(16);
    session.close();
  });
});

/** Has B publish. */
async function shared() {
  const { store, engine } = storeThat(undefined, () => undefined);
  const { session } = open(store);
  await session.credentials();
  await until(() => session.status().counters.sharePublished === 1);
  session.close();
  const [key = ""] = engine.values.keys();
  const call = { signal: new AbortController().signal, exclusive: false };
  return { engine, key, record: await store.read(key, call) };
}

describe("B has published; A looks, and the store gives the bytes in another way", () => {
  const kinds: Record<string, (sealed: Uint8Array) => unknown> = {
    "a part of a pool": (sealed) => {
      const pool = Buffer.alloc(20_000, 1);
      pool.set(sealed, 333);
      return pool.subarray(333, 333 + sealed.length);
    },
    "shared memory": (sealed) => {
      const bytes = new Uint8Array(new SharedArrayBuffer(sealed.length));
      bytes.set(sealed);
      return bytes;
    },
    "a view of data": (sealed) => new DataView(Uint8Array.from(sealed).buffer),
    "bytes of another realm": (sealed) =>
      runInNewContext("Uint8Array.from(given)", { given: [...sealed] }) as unknown,
  };
  it.each(Object.entries(kinds))("%s: A adopts", async (_what, kind) => {
    const { engine, record } = await shared();
    const answer = { ...record, entry: { ...record.entry, sealed: kind(record.entry.sealed) } };
    const { session, calls } = open(storeThat("read", () => answer, engine).store);
    await session.credentials();
    expect([calls(), session.status().counters.shareAdopted]).toEqual([0, 1]);
    session.close();
  });

  it("the store writes over its answer once it has given it: A has what it was", () => {
    const [sealed, notice] = [Buffer.alloc(500, 1), Buffer.alloc(300, 2)];
    const given = { ...RECORD, notice, entry: { ...RECORD.entry, sealed } };
    const read = recordOf(given);
    sealed.fill(0);
    notice.fill(0);
    given.entry.sealed = Buffer.alloc(0);
    expect(read.entry.sealed).toEqual(new Uint8Array(500).fill(1));
    expect(read.notice).toEqual(new Uint8Array(300).fill(2));
  });

  const longs = { "no format": "", "this format": "EVCS\u0001", "a newer format": "EVCS\u0002" };
  it.each(Object.entries(longs))(
    "more than there can be, of %s: junk, and replaced",
    async (_what, start) => {
      const { engine, record } = await shared();
      const sealed = Buffer.alloc(70_000);
      sealed.write(start, "latin1");
      await isReplaced(engine, { ...record, entry: { ...record.entry, sealed } });
    },
  );

  const unusable = {
    "no token": { token: "" },
    "a line end": { token: "a\nb" },
    "a short account": { account: "12" },
  };
  it.each(Object.entries(unusable))(
    "what no client can use, %s: junk, and replaced",
    async (_what, more) => {
      const { engine, key, record } = await shared();
      const set = {
        accessKey: "AKIA9",
        secretKey: "s",
        token: "t",
        account: "",
        sourceIdentity: "",
        ...more,
      };
      const print = hexOf(fingerprint({ accessKeyId: set.accessKey, sessionToken: set.token }));
      const { expiryMs } = record.entry;
      const sealed = seal(
        await new Keyring(KEY, undefined).ring(),
        key,
        {
          ...{ kind: "set", generation: 1, fingerprint: print, replaces: ZEROS, expiryMs },
          ...{ endsMs: 0, lifeMs: 3_600_000, notice: 0, noticeMs: 0 },
        },
        set,
      );
      const store = new CompareAndSwapStore(engine, FIGURES);
      const call = { signal: new AbortController().signal, exclusive: false };
      const odd = { sealed, generation: 1, fingerprint: print, expiryMs };
      const rest = {
        owner: "a".repeat(32),
        number: 1,
        replaces: record.entry.fingerprint,
        ttlMs: 1,
      };
      expect((await store.publish(key, { ...rest, entry: odd }, call)).stored).toBe(true);
      await isReplaced(engine, await store.read(key, call));
    },
  );

  async function isReplaced(engine: InMemory, answer: StoreRecord): Promise<void> {
    const { store, asked } = storeThat("read", () => answer, engine);
    const { session, told, calls } = open(store);
    await session.credentials();
    expect(calls()).toBe(1);
    await until(() => told.includes("unopened") && told.includes("published"));
    const { generation, fingerprint: print } = answer.entry;
    expect(asked.publish[0]?.[1]).toMatchObject({ junk: { generation, fingerprint: print } });
    session.close();
  }
});
