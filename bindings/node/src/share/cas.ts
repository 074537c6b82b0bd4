import { emptyRecord, fieldsOf, type Kept, NO_ENTRY, seen, toJson, toKept } from "./record.js";
import { campaignOn, type Instant, publishOn, resignOn, type Ruled } from "./rules.js";
import type {
  Campaign,
  Campaigned,
  Publication,
  Published,
  Resignation,
  Store,
  StoreCall,
  StoreFigures,
  StoreRecord,
} from "./store.js";

/** One value of an engine, as it was when it was read. */
export interface Versioned {
  /** Undefined: there is none. */
  readonly value: Uint8Array | undefined;
  /** Changes with each write: what {@link Versions.put} compares. */
  readonly version: unknown;
  /** The engine's clock: milliseconds since any fixed instant, or 0 without one. */
  readonly clockMs: number;
}

/** An engine that can write a value only where nobody else has written it meanwhile. */
export interface Versions {
  /** Reads what was written last. */
  get(key: string, call: StoreCall): Promise<Versioned>;
  /**
   * Writes if the value is still the one that was read.
   *
   * @param before what `get` gave: without a value, there must still be none
   * @param ttlMs how long the value must last, in milliseconds
   * @returns false: another has written meanwhile
   */
  put(
    key: string,
    value: Uint8Array,
    before: Versioned,
    ttlMs: number,
    call: StoreCall,
  ): Promise<boolean>;
}

/** Who writes with others at once tries so often; then the call has failed. */
const TRIES = 24;

const HOUR_MS = 3_600_000;
const LONGEST_MS = 30 * 24 * HOUR_MS;

/** What holds a record apart from a value. */
interface Held {
  readonly kept: Kept;
  readonly before: Versioned;
}

/**
 * A {@link Store} on an engine that has compare-and-swap alone: etcd, NATS KV, a Kubernetes
 * Lease, a row with a version. Its values are the file store's JSON.
 */
export class CompareAndSwapStore implements Store {
  readonly figures: StoreFigures;
  readonly #versions: Versions;

  /** @param figures what the engine tells of itself. Default: {} */
  constructor(versions: Versions, figures: StoreFigures = {}) {
    this.#versions = versions;
    this.figures = figures;
  }

  async read(key: string, call: StoreCall): Promise<StoreRecord> {
    const { kept, before } = await this.#get(key, call);
    return { ...seen(kept, nowOf(before)), clockMs: before.clockMs };
  }

  campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    return this.#apply(key, call, HOUR_MS, (kept, now) => campaignOn(kept, campaign, now));
  }

  publish(key: string, publication: Publication, call: StoreCall): Promise<Published> {
    const rule = (kept: Kept, now: Instant) => publishOn(kept, publication, now);
    return this.#apply(key, call, publication.ttlMs, rule);
  }

  async resign(key: string, resignation: Resignation, call: StoreCall): Promise<void> {
    const rule = (kept: Kept, now: Instant) => resignOn(kept, resignation, now);
    await this.#apply(key, call, resignation.ttlMs, rule);
  }

  async #get(key: string, call: StoreCall): Promise<Held> {
    const before = await this.#versions.get(key, call);
    const fields = before.value && fieldsOf(before.value);
    return { kept: fields === undefined ? emptyRecord() : toKept(fields), before };
  }

  /** Reads, applies a rule, and writes unless another was faster: then once more. */
  async #apply<Answer extends object>(
    key: string,
    call: StoreCall,
    ttlMs: number,
    rule: (kept: Kept, now: Instant) => Ruled<Answer>,
  ): Promise<Answer> {
    const { clockStepMs: stepMs = 1 } = this.figures;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { kept, before } = await this.#get(key, call);
      const ruled = rule(kept, { clockMs: nowOf(before), stepMs });
      const { record } = ruled;
      const answer = { ...ruled.answer, clockMs: before.clockMs };
      if (record === undefined) return answer;
      const lasts = Math.max(ttlMs, HOUR_MS, lifeOf(kept));
      if (await this.#versions.put(key, toJson(record), before, lasts, call)) return answer;
      call.signal.throwIfAborted();
      await new Promise((resolve) =>
        setTimeout(resolve, Math.random() * 2 ** Math.min(attempt, 6)),
      );
    }
    throw new Error("others write at the same time, again and again");
  }
}

/** Without a clock of the engine's, turns go by this machine's; an entry's end does not. */
function nowOf({ clockMs }: Versioned): number {
  return clockMs === 0 ? Date.now() : clockMs;
}

/** What a set that is stored has left, if this machine's clock and its source's agree. */
function lifeOf({ entry }: Kept): number {
  return entry === NO_ENTRY ? 0 : Math.min(entry.expiryMs - Date.now(), LONGEST_MS);
}
