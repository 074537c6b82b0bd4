import { setTimeout as sleep } from "node:timers/promises";
import { type Kept, NO_ENTRY, seen } from "./record.js";
import { campaignOn, publishOn, resignOn, type Ruled } from "./rules.js";
import type { Campaign, Campaigned, Publication, Published } from "./store.js";
import type { Resignation, StoreCall, StoreRecord } from "./store.js";

/** A record as it was when it was read. */
export interface Loaded<Before> {
  readonly kept: Kept;
  /** By what is known that nobody has written it meanwhile. */
  readonly before: Before;
  /** The engine's clock; 0: it has none. */
  readonly clockMs: number;
}

/** An engine that writes a record only if nobody else has written it meanwhile. */
interface Engine<Before> {
  load(key: string, call: StoreCall): Promise<Loaded<Before>>;
  /** False: another has written meanwhile. */
  save(key: string, record: Kept, before: Before, ttlMs: number, call: StoreCall): Promise<boolean>;
}

/** Who writes with others at once tries so often; then the call has failed. */
const TRIES = 24;

const HOUR_MS = 3_600_000;
const LONGEST_MS = 30 * 24 * HOUR_MS;

/** The four calls, made of a read and a conditional write. */
export class Swaps<Before> {
  readonly #engine: Engine<Before>;
  readonly #stepMs: number;

  /** @param stepMs the steps of the engine's clock */
  constructor(engine: Engine<Before>, stepMs = 1) {
    this.#engine = engine;
    this.#stepMs = stepMs;
  }

  async read(key: string, call: StoreCall): Promise<StoreRecord> {
    const { kept, clockMs } = await this.#engine.load(key, call);
    return { ...seen(kept, this.#nowOf(clockMs)), clockMs };
  }

  campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    return this.#apply(key, call, HOUR_MS, (kept, nowMs) => campaignOn(kept, campaign, nowMs));
  }

  publish(key: string, publication: Publication, call: StoreCall): Promise<Published> {
    const rule = (kept: Kept, nowMs: number) => publishOn(kept, publication, nowMs);
    return this.#apply(key, call, publication.ttlMs, rule);
  }

  async resign(key: string, resignation: Resignation, call: StoreCall): Promise<void> {
    const rule = (kept: Kept, nowMs: number) => resignOn(kept, resignation, nowMs);
    await this.#apply(key, call, resignation.ttlMs, rule);
  }

  /** Reads, applies a rule, and writes unless another was faster: then once more. */
  async #apply<Answer extends object>(
    key: string,
    call: StoreCall,
    ttlMs: number,
    rule: (kept: Kept, nowMs: number) => Ruled<Answer>,
  ): Promise<Answer> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { kept, before, clockMs } = await this.#engine.load(key, call);
      const ruled = rule(kept, this.#nowOf(clockMs));
      const { record } = ruled;
      const answer = { ...ruled.answer, clockMs };
      if (record === undefined) return answer;
      const lasts = Math.max(ttlMs, HOUR_MS, lifeOf(kept));
      if (await this.#engine.save(key, record, before, lasts, call)) return answer;
      await sleep(Math.random() * 2 ** Math.min(attempt, 6), undefined, { signal: call.signal });
    }
    throw new Error("others write at the same time, again and again");
  }

  /**
   * The instant by which turns go. A clock of whole seconds is read as the end of its second,
   * which errs late. Without a clock of the engine's it is this machine's.
   */
  #nowOf(clockMs: number): number {
    return clockMs === 0 ? Date.now() : clockMs + this.#stepMs - 1;
  }
}

/** What a set that is stored has left, if this machine's clock and its source's agree. */
function lifeOf({ entry }: Kept): number {
  return entry === NO_ENTRY ? 0 : Math.min(entry.expiryMs - Date.now(), LONGEST_MS);
}
