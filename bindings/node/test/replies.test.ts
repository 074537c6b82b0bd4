import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NEVER } from "../src/library/abi-generated.js";
import { type CustomCredentialsMethod, CustomSource } from "../src/sources/custom.js";
import { RefreshableSession } from "../src/index.js";
import { Rules } from "../src/library/rules.js";
import type { Reply } from "../src/sources/source.js";
import { StandIn } from "./support/stand-in.js";
import { freshRuntime } from "./support/wasm.js";

/** A row of the table of replies that every language is held to. */
interface Row {
  name: string;
  set?: Record<string, unknown>;
  reply?: unknown;
  /** The parameter that the error names; absent: accepted. */
  refused?: string;
  expiry_ms?: number | null;
  account?: string | null;
  in?: string[];
}

const table = JSON.parse(
  readFileSync(new URL("../../../testdata/sources/replies.json", import.meta.url), "utf8"),
) as { good: Record<string, unknown>; rows: Row[] };

const NAMES: Record<string, string> = {
  access_key: "accessKey",
  secret_key: "secretKey",
  token: "token",
  account_id: "accountId",
  expiry: "expiryTime",
  reply: "reply",
};

interface Special {
  repeat?: string;
  times?: number;
  absent?: boolean;
  never?: boolean;
  instant_ms?: number | "last" | "first" | "none";
  number?: string;
  object?: boolean;
}

const DATES = { last: 8.64e15, first: -8.64e15, none: Number.NaN };

/** What a row says in JSON, in the words of this language. */
function said(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const special = value as Special;
  if (special.repeat !== undefined) return special.repeat.repeat(special.times ?? 0);
  if (special.never === true) return null;
  if (special.number !== undefined) return Number(special.number);
  const at = special.instant_ms;
  if (at !== undefined) return new Date(typeof at === "number" ? at : DATES[at]);
  return special.absent === true ? undefined : {};
}

function replyOf(row: Row): unknown {
  if ("reply" in row) return said(row.reply);
  const given = Object.entries({ ...table.good, ...row.set });
  return Object.fromEntries(given.map(([field, value]) => [NAMES[field] ?? field, said(value)]));
}

const rows = table.rows
  .filter((row) => row.in?.includes("node") ?? true)
  // null is how a method says here that a set never expires
  .filter((row) => !(row.refused === "expiry" && row.set?.["expiry"] === null));

test("there are rows enough", () => {
  expect(rows.length).toBeGreaterThan(100);
});

describe("a custom method's reply", () => {
  const rules = new Rules(freshRuntime());
  const attempt = { signal: new AbortController().signal, prompted: () => undefined };
  test.each(rows.map((row): [string, Row] => [row.name, row]))("%s", async (_name, row) => {
    const method = (() => replyOf(row)) as CustomCredentialsMethod;
    const outcome: unknown = await new CustomSource(method, rules)
      .fetch(attempt)
      .catch((error: unknown) => error);
    if (row.refused !== undefined) {
      expect(outcome).toMatchObject({ how: { class: "recoverable", malformed: true } });
      expect((outcome as Error).message).toContain(NAMES[row.refused]);
      return;
    }
    const { credentials, expiryMs } = outcome as Reply;
    if (row.expiry_ms !== undefined) expect(expiryMs).toBe(row.expiry_ms ?? NEVER);
    expect(credentials.accountId).toBe(row.account ?? undefined);
  });
});

describe("a service's reply", () => {
  const FIELDS: Record<string, string> = {
    access_key: "AccessKeyId",
    secret_key: "SecretAccessKey",
    token: "SessionToken",
  };
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await StandIn.start();
  });
  afterAll(async () => {
    await standIn.stop();
  });
  // In XML and JSON some characters change on the way, but to none that is right.
  const bad = rows.filter(({ set, refused = "" }) => {
    const value = said(set?.[refused]);
    return refused in FIELDS && typeof value === "string" && value !== "";
  });
  test.each(bad.map((row): [string, Row] => [row.name, row]))("%s", async (_name, row) => {
    const field = FIELDS[row.refused ?? ""] ?? "";
    const value = said(row.set?.[row.refused ?? ""]) as string;
    const assumed = { stsClient: standIn.client, assumeRole: { RoleArn: standIn.role("odd") } };
    for (const options of [assumed, standIn.iot]) {
      const session = new RefreshableSession({ ...options, maxWait: 0 });
      await standIn.inject({ kind: "bad_field", field, value });
      const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
      await standIn.clearFaults();
      session.close();
      if (options === assumed) expect(error).toMatchObject({ code: "malformed" });
      const named = value.length > 60_000 ? "65536 bytes" : field;
      expect((error as Error).message.toLowerCase()).toContain(named.toLowerCase());
    }
  });
});
