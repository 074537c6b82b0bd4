import { wrong } from "../common/check.js";
import { peek } from "../common/guard.js";
import { emptyRecord, fieldsOf, toJson, toKept } from "./record.js";
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
import { Swaps } from "./swaps.js";

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

/**
 * A {@link Store} on an engine that has compare-and-swap alone: etcd, NATS KV, a Kubernetes
 * Lease, a row with a version. Its values are the file store's JSON.
 */
export class CompareAndSwapStore implements Store {
  /** As {@link Store.figures}. */
  readonly figures: StoreFigures;
  readonly #swaps: Swaps<Versioned>;

  /**
   * @param figures what the engine tells of itself. Default: {}
   * @throws EvercredsValidationError naming `versions` for what has no `get` and `put`
   */
  constructor(versions: Versions, figures: StoreFigures = {}) {
    if (!["get", "put"].every((name) => typeof peek(versions, name) === "function")) {
      throw wrong("versions", "must have the calls get and put", versions);
    }
    this.figures = figures;
    this.#swaps = new Swaps(
      {
        async load(key, call) {
          const before = await versions.get(key, call);
          const fields = before.value && fieldsOf(before.value);
          const kept = fields === undefined ? emptyRecord() : toKept(fields);
          return { kept, before, clockMs: before.clockMs };
        },
        save: (key, record, before, ttlMs, call) =>
          versions.put(key, toJson(record), before, ttlMs, call),
      },
      figures.clockStepMs,
    );
  }

  /** As {@link Store.read}. */
  read(key: string, call: StoreCall): Promise<StoreRecord> {
    return this.#swaps.read(key, call);
  }

  /** As {@link Store.campaign}. */
  campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    return this.#swaps.campaign(key, campaign, call);
  }

  /** As {@link Store.publish}. */
  publish(key: string, publication: Publication, call: StoreCall): Promise<Published> {
    return this.#swaps.publish(key, publication, call);
  }

  /** As {@link Store.resign}. */
  resign(key: string, resignation: Resignation, call: StoreCall): Promise<void> {
    return this.#swaps.resign(key, resignation, call);
  }
}
