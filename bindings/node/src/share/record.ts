import { NO_FINGERPRINT } from "./meeting.js";
import type { StoreEntry, StoreRecord } from "./store.js";

/** A record as engines keep it: docs/reference/sharing-stores.md has the fields. */
export interface Kept {
  number: number;
  owner: string;
  /** On the store's clock; 0: no turn runs. */
  turnEndsMs: number;
  entry: StoreEntry;
  notice: Uint8Array;
  /** On the store's clock. */
  noticeEndsMs: number;
}

/** No bytes. */
export const NOTHING = new Uint8Array(0);
/** No entry. */
export const NO_ENTRY: StoreEntry = {
  sealed: NOTHING,
  generation: 0,
  fingerprint: NO_FINGERPRINT,
  expiryMs: 0,
};
/** The longest sealed entry or notice, in bytes. */
export const MAX_SEALED = 8192;
/** The longest record as JSON, in bytes. */
export const MAX_RECORD = 32768;
/** Numbers and generations are below. */
const GENERATIONS = 2 ** 52;

/** Where there is no record. */
export function emptyRecord(): Kept {
  const rest = { notice: NOTHING, noticeEndsMs: 0 };
  return { number: 0, owner: "", turnEndsMs: 0, entry: NO_ENTRY, ...rest };
}

/** What an engine gives for the fields, by their names in docs/reference/sharing-stores.md. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of a record. A part with a field that does not parse is left out. */
export function toKept(fields: Fields): Kept {
  const number = whole(fields["number"]);
  const owner = fields["owner"] ?? "";
  const turnEndsMs = whole(fields["turn_ends_ms"]);
  const hasTurn =
    number !== undefined &&
    turnEndsMs !== undefined &&
    number < GENERATIONS &&
    typeof owner === "string" &&
    /^([0-9a-f]{32})?$/.test(owner);
  return {
    number: hasTurn ? number : 0,
    owner: hasTurn ? owner : "",
    turnEndsMs: hasTurn ? turnEndsMs : 0,
    entry: toEntry(fields),
    notice: sealedBytes(fields["notice"]) ?? NOTHING,
    noticeEndsMs: whole(fields["notice_ends_ms"]) ?? 0,
  };
}

function toEntry(fields: Fields): StoreEntry {
  const sealed = sealedBytes(fields["entry"]);
  const generation = whole(fields["generation"]);
  const expiryMs = whole(fields["expiry_ms"]);
  const { fingerprint } = fields;
  if (
    sealed === undefined ||
    sealed.length === 0 ||
    generation === undefined ||
    expiryMs === undefined ||
    generation >= GENERATIONS ||
    typeof fingerprint !== "string" ||
    !/^[0-9a-f]{16}$/.test(fingerprint)
  ) {
    return NO_ENTRY;
  }
  return { sealed, generation, fingerprint, expiryMs };
}

/** A whole number from 0 to 2^53 - 1, also as text; undefined: it is none. */
function whole(value: unknown): number | undefined {
  if (value === undefined || value === "") return 0;
  const number = typeof value === "string" && /^[0-9]{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

function sealedBytes(value: unknown): Uint8Array | undefined {
  if (value === undefined) return NOTHING;
  return value instanceof Uint8Array && value.length <= MAX_SEALED ? value : undefined;
}

/** The record as JSON, with what an engine adds to it. */
export function toJson(record: Kept, more: Fields = {}): Uint8Array {
  const { entry, notice } = record;
  const text = JSON.stringify({
    format: 1,
    ...more,
    number: record.number,
    owner: record.owner,
    turn_ends_ms: record.turnEndsMs,
    entry: Buffer.from(entry.sealed).toString("base64"),
    generation: entry.generation,
    fingerprint: entry.fingerprint,
    expiry_ms: entry.expiryMs,
    notice: Buffer.from(notice).toString("base64"),
    notice_ends_ms: record.noticeEndsMs,
  });
  return Buffer.from(text);
}

/** The fields in JSON; undefined: it is no record, such as one of a later format. */
export function fieldsOf(json: Uint8Array): Fields | undefined {
  if (json.length > MAX_RECORD) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(json).toString());
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const fields = read as Record<string, unknown>;
  if (fields["format"] !== 1) return undefined;
  const { entry, notice } = fields;
  return { ...fields, entry: fromBase64(entry), notice: fromBase64(notice) };
}

function fromBase64(value: unknown): Uint8Array | null | undefined {
  if (value === undefined) return undefined;
  const isText = typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
  return isText ? Uint8Array.from(Buffer.from(value, "base64")) : null;
}

/** The record as a look sees it. */
export function seen(record: Kept, clockMs: number): StoreRecord {
  const left = (endsMs: number) => Math.max(0, endsMs - clockMs);
  const { number, owner, turnEndsMs, entry, notice, noticeEndsMs } = record;
  const noticeLeftMs = notice.length === 0 ? 0 : left(noticeEndsMs);
  return { number, owner, turnLeftMs: left(turnEndsMs), entry, notice, noticeLeftMs, clockMs };
}
