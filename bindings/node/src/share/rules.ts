import { type Kept, NOTHING } from "./record.js";
import type { Campaign, Campaigned, Publication, Published, Resignation } from "./store.js";

/** What a rule makes of a record; no `record`: it stays as it is. */
export interface Ruled<Answer> {
  readonly answer: Answer;
  readonly record?: Kept;
}

/** Who tries for a turn. */
export function campaignOn(record: Kept, asked: Campaign, clockMs: number): Ruled<Campaigned> {
  const runs = record.turnEndsMs > clockMs;
  const isOwn = record.owner === asked.owner;
  const ends = clockMs + asked.turnMs;
  if (runs && !isOwn) {
    const leftMs = record.turnEndsMs - clockMs;
    return { answer: { won: false, number: record.number, leftMs, clockMs } };
  }
  const { number, fingerprint } = asked.saw;
  if (!runs && (record.number !== number || record.entry.fingerprint !== fingerprint)) {
    return { answer: { won: false, number: record.number, leftMs: 0, clockMs } };
  }
  const next = runs ? record.number : Math.max(record.number, asked.seen) + 1;
  return {
    answer: { won: true, number: next, leftMs: asked.turnMs, clockMs },
    record: { ...record, number: next, owner: asked.owner, turnEndsMs: ends },
  };
}

/** Who has an entry. */
export function publishOn(record: Kept, asked: Publication, clockMs: number): Ruled<Published> {
  const ended = withoutTurn(record, asked);
  const answer = { stored: isStored(record, asked), clockMs };
  if (!answer.stored) return ended === record ? { answer } : { answer, record: ended };
  return { answer, record: { ...ended, entry: asked.entry, notice: NOTHING, noticeEndsMs: 0 } };
}

/** The write rule. */
function isStored({ entry: stored }: Kept, { entry, replaces, junk }: Publication): boolean {
  const { generation, fingerprint, expiryMs } = stored;
  const isNamed = (by: { generation: number; fingerprint: string } | undefined) =>
    by?.generation === generation && by.fingerprint === fingerprint;
  return (
    stored.sealed.length === 0 ||
    isNamed(entry) ||
    (entry.generation >= generation && (entry.expiryMs > expiryMs || fingerprint === replaces)) ||
    isNamed(junk)
  );
}

/** Whose attempt came to nothing. */
export function resignOn(
  record: Kept,
  asked: Resignation,
  clockMs: number,
): Ruled<{ clockMs: number }> {
  const ended = withoutTurn(record, asked);
  const answer = { clockMs };
  if (ended === record) return { answer };
  if (asked.notice.length === 0) return { answer, record: ended };
  const noticeEndsMs = clockMs + asked.noticeMs;
  return { answer, record: { ...ended, notice: asked.notice, noticeEndsMs } };
}

/** Ends the owner's turn, unless it has a higher number. The same record: there was none. */
function withoutTurn(record: Kept, { owner, number }: Publication | Resignation): Kept {
  const hasTurn = record.turnEndsMs !== 0 && record.owner === owner && record.number <= number;
  return hasTurn ? { ...record, turnEndsMs: 0 } : record;
}
