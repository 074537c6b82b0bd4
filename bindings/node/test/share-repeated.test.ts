import { describe, expect, it } from "vitest";
import {
  fieldsOf,
  type Kept,
  NO_ENTRY,
  NOTHING,
  seen,
  toJson,
  toKept,
} from "../src/share/record.js";
import { campaignOn, publishOn, resignOn, type Ruled } from "../src/share/rules.js";
import type { StoreEntry } from "../src/share/store.js";
import { random } from "./support/random.js";

// Answers may be lost, so each call may be made again: the second time it changes nothing that
// matters, and answers as the first did. Records and calls are drawn from so few values that
// they often have something to do with each other.

const ROUNDS = 4000;
const NOW = 10;
const [OWNER, OTHER] = ["a".repeat(32), "b".repeat(32)];

/** Draws records and calls, the same for the same seed. */
class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  below(n: number): number {
    return Math.floor(this.#next() * n);
  }

  owner(): string {
    return this.below(2) === 0 ? OWNER : OTHER;
  }

  print(): string {
    return String(this.below(4)).padStart(16, "0");
  }

  entry(): StoreEntry {
    const [generation, expiryMs] = [this.below(5), this.below(5)];
    return {
      sealed: Uint8Array.of(this.below(3)),
      generation,
      fingerprint: this.print(),
      expiryMs,
    };
  }

  record(): Kept {
    const hasTurn = this.below(3) > 0;
    const hasNotice = this.below(2) > 0;
    return {
      number: this.below(5),
      owner: hasTurn ? this.owner() : "",
      turnEndsMs: hasTurn ? this.below(20) : 0,
      entry: this.below(3) > 0 ? this.entry() : NO_ENTRY,
      notice: hasNotice ? Uint8Array.of(7) : NOTHING,
      noticeEndsMs: hasNotice ? this.below(20) : 0,
    };
  }
}

/** Makes a call twice, at two instants, and gives what was answered and what is kept. */
function twice<Answer>(before: Kept, call: (record: Kept, nowMs: number) => Ruled<Answer>) {
  const first = call(before, NOW);
  const one = first.record ?? before;
  const second = call(one, NOW);
  return { first, one, second, two: second.record ?? one };
}

describe("A makes a call, and makes it again since the answer was lost", () => {
  function rounds(check: (draw: Draw) => void): void {
    for (let seed = 0; seed < ROUNDS; seed++) check(new Draw(seed));
  }

  it("a look: it changes nothing", () => {
    rounds((draw) => {
      const record = draw.record();
      const text = JSON.stringify(record);
      expect(seen(record, NOW)).toEqual(seen(record, NOW));
      expect(JSON.stringify(record)).toBe(text);
    });
  });

  it("a campaign: the turn has the same number", () => {
    let won = 0;
    rounds((draw) => {
      const saw = { number: draw.below(5), fingerprint: draw.print() };
      const asked = { owner: OWNER, seen: draw.below(6), saw, turnMs: 5 };
      const { first, one, second, two } = twice(draw.record(), (record, nowMs) =>
        campaignOn(record, asked, nowMs),
      );
      expect(two).toEqual(one);
      expect(second.answer).toEqual(first.answer);
      won += Number(first.answer.won);
    });
    expect(won).toBeGreaterThan(100);
  });

  it("a publication: it is stored both times, or neither", () => {
    let stored = 0;
    rounds((draw) => {
      const junk = draw.below(2)
        ? { generation: draw.below(5), fingerprint: draw.print() }
        : undefined;
      const rest = { number: draw.below(5), replaces: draw.print(), junk, ttlMs: 1 };
      const asked = { owner: draw.owner(), entry: draw.entry(), ...rest };
      const { first, one, second, two } = twice(draw.record(), (record, nowMs) =>
        publishOn(record, asked, nowMs),
      );
      expect(two).toEqual(one);
      expect(second.answer).toEqual(first.answer);
      stored += Number(first.answer.stored);
    });
    expect(stored).toBeGreaterThan(100);
    expect(stored).toBeLessThan(ROUNDS);
  });

  it("a resignation: the second ends nothing", () => {
    let ended = 0;
    rounds((draw) => {
      const asked = { owner: OWNER, number: draw.below(5), noticeMs: 1, ttlMs: 1 };
      const notice = draw.below(2) ? Uint8Array.of(1) : NOTHING;
      const { first, second } = twice(draw.record(), (record, nowMs) =>
        resignOn(record, { ...asked, notice }, nowMs),
      );
      expect(second.record).toBeUndefined();
      expect(second.answer).toEqual(first.answer);
      ended += Number(first.record !== undefined);
    });
    expect(ended).toBeGreaterThan(100);
  });

  it("what is kept comes back from its JSON", () => {
    rounds((draw) => {
      const record = draw.record();
      expect(toKept(fieldsOf(toJson(record)) ?? {})).toEqual(record);
    });
  });
});
