import type { Campaigned, Published, StoreEntry, StoreRecord } from "./store.js";
import { MAX_SEALED } from "./record.js";

// A store of a user's may answer anything, and change it while it is looked at. So what it
// gives is read once, and its bytes are copied. The host looks at how large numbers are.

/** The record of an answer. */
export function recordOf(answer: unknown): StoreRecord {
  const { number, owner, turnLeftMs, entry, notice, noticeLeftMs, clockMs } = fieldsOf(answer);
  return {
    number: numberOf(number),
    owner: textOf(owner),
    turnLeftMs: numberOf(turnLeftMs),
    entry: entryOf(entry),
    notice: bytesOf(notice),
    noticeLeftMs: numberOf(noticeLeftMs),
    clockMs: numberOf(clockMs),
  };
}

function entryOf(given: unknown): StoreEntry {
  const { sealed, generation, fingerprint, expiryMs } = fieldsOf(given);
  return {
    sealed: bytesOf(sealed),
    generation: numberOf(generation),
    fingerprint: textOf(fingerprint),
    expiryMs: numberOf(expiryMs),
  };
}

/** The answer to a campaign. */
export function turnOf(answer: unknown): Campaigned {
  const { won, number, leftMs, clockMs } = fieldsOf(answer);
  const [turn, left, clock] = [number, leftMs, clockMs].map(numberOf) as [number, number, number];
  return { won: yesOrNo(won), number: turn, leftMs: left, clockMs: clock };
}

/** The answer to a publication. */
export function publishedOf(answer: unknown): Published {
  const { stored, clockMs } = fieldsOf(answer);
  return { stored: yesOrNo(stored), clockMs: numberOf(clockMs) };
}

function fieldsOf(given: unknown): Record<string, unknown> {
  if (typeof given === "object" && given !== null) return given as Record<string, unknown>;
  throw noRecord();
}

function numberOf(given: unknown): number {
  if (Number.isSafeInteger(given) && (given as number) >= 0) return given as number;
  throw noRecord();
}

function textOf(given: unknown): string {
  if (typeof given === "string") return given;
  throw noRecord();
}

function yesOrNo(given: unknown): boolean {
  if (typeof given === "boolean") return given;
  throw noRecord();
}

/** A copy, of one byte more than there may be at most. Not by its class: there is one for each realm. */
function bytesOf(given: unknown): Uint8Array {
  if (!ArrayBuffer.isView(given)) throw noRecord();
  const { buffer, byteOffset, byteLength } = given;
  const bytes = new Uint8Array(buffer, byteOffset, Math.min(byteLength, MAX_SEALED + 1));
  return Uint8Array.from(bytes); // not of a pool, nor of memory that others write
}

/** What tells the host that the store gave no record. */
function noRecord(): Error {
  return Object.assign(new Error("the store gave no record"), { isUnreadable: true });
}
