import { expect, test } from "vitest";
import type { CustomCredentials } from "../src/sources/custom.js";
import { RefreshableSession } from "../src/index.js";
import { gate, virtualSession } from "./support/session.js";

const good = {
  accessKey: "AKIAEXAMPLE",
  secretKey: "the-secret",
  token: "the-token",
  expiryTime: "2026-01-01T01:00:00Z",
};

function answering(reply: unknown) {
  const { session, source } = virtualSession();
  source.answer = () => reply as CustomCredentials;
  return session;
}

test.each<[string, unknown, string]>([
  ["nothing", undefined, "gave no object"],
  ["a string", "AKIA...", "gave no object"],
  ["no accessKey", { ...good, accessKey: undefined }, "accessKey"],
  ["an empty secretKey", { ...good, secretKey: "" }, "secretKey"],
  ["a number for a token", { ...good, token: 7 }, "token"],
  ["no expiryTime", { ...good, expiryTime: undefined }, "expiryTime"],
  ["a number for expiryTime", { ...good, expiryTime: 1767225600 }, "expiryTime"],
  ["an invalid Date", { ...good, expiryTime: new Date(NaN) }, "expiryTime"],
  ["a naive expiry", { ...good, expiryTime: "2026-01-01T01:00:00" }, "no offset or Z"],
  ["an expiry in words", { ...good, expiryTime: "tomorrow" }, "RFC 3339"],
  ["a date that could be two", { ...good, expiryTime: "01/02/2026 10:00:00Z" }, "RFC 3339"],
  ["a time without a date", { ...good, expiryTime: "10:00:00Z" }, "RFC 3339"],
  ["an endless text", { ...good, expiryTime: "9".repeat(20_000) }, "RFC 3339"],
])("a reply with %s is a failure that says so", async (_name, reply, words) => {
  const error: unknown = await answering(reply)
    .credentials()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "malformed", class: "recoverable" });
  expect((error as Error).message).toContain(words);
  expect((error as Error).message).not.toMatch(/the-secret|the-token/);
});

test.each<[string, CustomCredentials["accountId"], CustomCredentials]>([
  ["an offset", undefined, { ...good, expiryTime: "2026-01-01T03:00:00+02:00" }],
  ["a Date", undefined, { ...good, expiryTime: new Date(Date.UTC(2026, 0, 1, 1)) }],
  ["an account", "123456789012", { ...good, accountId: "123456789012" }],
  [
    "the names of the SDK's own providers",
    undefined,
    {
      accessKeyId: "AKIAEXAMPLE",
      secretAccessKey: "the-secret",
      sessionToken: "the-token",
      expiration: new Date(Date.UTC(2026, 0, 1, 1)),
    },
  ],
])("a reply with %s is read", async (_name, accountId, reply) => {
  const before = structuredClone(reply);
  expect(await answering(reply).credentials()).toEqual({
    accessKeyId: "AKIAEXAMPLE",
    secretAccessKey: "the-secret",
    sessionToken: "the-token",
    expiration: new Date(Date.UTC(2026, 0, 1, 1)),
    ...(accountId !== undefined && { accountId }),
  });
  expect(reply).toEqual(before); // the user's own object is left as it was
});

test("expiryTime null: the set never expires", async () => {
  const { session, clock, source } = virtualSession();
  source.answer = () => ({ ...source.set(), expiryTime: null });
  expect(await session.credentials()).not.toHaveProperty("expiration");
  await clock.advance(1000 * 24 * 3600 * 1000);
  expect((await session.credentials()).accessKeyId).toBe("AKIA1");
  expect(session.status().remaining).toBe(Infinity);
});

test.each([
  ["asks", (session: RefreshableSession) => session.credentialsFor({ minTtl: 600 })],
  ["refreshes", (session: RefreshableSession) => session.refresh()],
])("a set is held; the source %s its own session; it is refused at once", async (_, ask) => {
  const { session, source } = virtualSession();
  await session.credentials();
  let [refusal, later]: unknown[] = [];
  source.answer = async () => {
    refusal = await ask(session).catch((error: unknown) => error);
    // what it leaves running asks as everybody does, once the attempt is over
    later = new Promise((resolve) => setImmediate(resolve)).then(() => session.credentials());
    return source.set();
  };
  expect((await session.refresh()).accessKeyId).toBe("AKIA2");
  expect(refusal).toMatchObject({ code: "reentrant", class: "permanent" });
  expect(await later).toMatchObject({ accessKeyId: "AKIA2" });
});

test("caller A asks; its source waits for B's flight, whose source asks A: it is refused", async () => {
  const [a, b] = [virtualSession(), virtualSession()];
  const door = gate();
  b.source.answer = async () => {
    await door.opened;
    await a.session.credentials();
    return b.source.set();
  };
  const first = b.session.credentials().catch((error: unknown) => error);
  a.source.answer = async () => {
    await b.session.credentials();
    return a.source.set();
  };
  const second = a.session.credentials().catch((error: unknown) => error);
  await a.clock.settled();
  door.open();
  expect(await first).toMatchObject({ code: "source", cause: { code: "reentrant" } });
  expect(await second).toMatchObject({ code: "source", cause: { code: "source" } });
});

test("a method that needs what it is to fetch is told so at once, through others too", async () => {
  const { session, source } = virtualSession();
  const other = virtualSession();
  other.source.answer = async () => {
    await session.credentials();
    return other.source.set();
  };
  source.answer = async () => {
    await other.session.credentials();
    return source.set();
  };
  const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "source", class: "permanent" });
  expect(error).toMatchObject({ cause: { code: "source", cause: { code: "reentrant" } } });
  source.answer = () => source.set();
  expect((await session.refresh()).accessKeyId).toBe("AKIA2");
  expect((await other.session.refresh()).accessKeyId).toBe("AKIA2");
});

test("an attended method has its time counted from the prompt on", async () => {
  const { session, clock, source } = virtualSession({ attended: true, refreshTimeout: 30 });
  source.answer = async ({ signal, prompted }) => {
    await clock.sleep(300_000);
    prompted();
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
    return Promise.reject(new Error("aborted"));
  };
  const waiting = session.credentials().catch((error: unknown) => error);
  await clock.advance(329_000);
  expect(session.status().refreshing).toBe(true);
  await clock.advance(2000);
  expect(await waiting).toMatchObject({ code: "timed-out" });
});

test.each([
  ["AccessDenied", 403, "recoverable"],
  ["ExpiredToken", 400, "recoverable"],
])("an error of the SDK's called %s is %s", async (name, status, kind) => {
  const { session, source } = virtualSession();
  const cause = Object.assign(new Error("no"), { name, $metadata: { httpStatusCode: status } });
  source.answer = () => Promise.reject(cause);
  const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "source", class: kind, cause });
});
