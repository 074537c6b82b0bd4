import * as abi from "../../library/abi-generated.js";
import { EvercredsError } from "../../errors.js";
import { type Exports, isTrap, type Runtime } from "../../library/runtime.js";
import { whenForgotten } from "../../common/weak.js";

/** Once more after a trap or a fault of the module's, on a cache made anew. */
const ATTEMPTS = 2;

/**
 * Which of the entries of one cache has to go: the module's policy, which every
 * language shares. It knows entries by numbers.
 */
export class EvictionOrder {
  readonly #runtime: Runtime;
  readonly #policy: number;
  readonly #owned: { runtime: Runtime; handle: number; generation: number };
  /** What the module holds, to make the cache anew; its order is lost then. */
  readonly #ids = new Set<number>();
  #maxSize: number;

  constructor(runtime: Runtime, policy: number, maxSize: number) {
    this.#runtime = runtime;
    this.#policy = policy;
    this.#maxSize = maxSize;
    this.#owned = { runtime, handle: 0, generation: -1 };
    dropped.register(this, this.#owned);
  }

  /** The bound in force. */
  get maxSize(): number {
    return this.#maxSize;
  }

  /** Counts as a use of an entry that is there. */
  use(id: number): void {
    this.#call((x, cache) => x.evercreds_cache_get(cache, id));
  }

  /** Adds an entry, and gives those that have to go: itself where nothing is kept. */
  add(id: number): number[] {
    this.#call((x, cache) => x.evercreds_cache_add(cache, id));
    this.#ids.add(id);
    return this.#evicted();
  }

  /** Sets the bound, and gives the entries that have to go. */
  resize(maxSize: number): number[] {
    this.#maxSize = this.#call((x, cache) => x.evercreds_cache_resize(cache, maxSize));
    return this.#evicted();
  }

  /** All entries; the first would be the first to go. */
  list(): number[] {
    return this.#walk((x, cache, last) => x.evercreds_cache_next(cache, last));
  }

  /** Removes all; the module's cache is made anew where it is needed again. */
  clear(): void {
    this.#ids.clear();
    release(this.#owned);
  }

  #evicted(): number[] {
    const gone = this.#walk((x, cache) => x.evercreds_cache_evicted(cache));
    for (const id of gone) this.#ids.delete(id);
    return gone;
  }

  #walk(next: (exports: Exports, cache: number, last: number) => number): number[] {
    const list: number[] = [];
    for (let last = -1; ; list.push(last)) {
      last = this.#call((x, cache) => next(x, cache, last));
      if (last < 0) return list;
    }
  }

  #call(operation: (exports: Exports, cache: number) => number): number {
    for (let attempt = 1; ; attempt++) {
      try {
        const cache = this.#ensure();
        return accepted(this.#runtime.run(undefined, (x) => operation(x, cache)));
      } catch (error) {
        if (attempt === ATTEMPTS || !(isTrap(error) || error instanceof Refused)) throw error;
        release(this.#owned);
      }
    }
  }

  /** The handle, of a new cache where there is none in the live instance. */
  #ensure(): number {
    const owned = this.#owned;
    if (owned.handle !== 0 && owned.generation === this.#runtime.generation) return owned.handle;
    const [policy, maxSize, ids] = [this.#policy, this.#maxSize, [...this.#ids]];
    owned.handle = accepted(
      this.#runtime.run(undefined, (x) => {
        const made = x.evercreds_cache_new(policy, maxSize);
        if (made > 0) for (const id of ids) x.evercreds_cache_add(made, id);
        return made;
      }),
    );
    owned.generation = this.#runtime.generation;
    return owned.handle;
  }
}

/** The module refused a call, which no argument of ours can be the reason of. */
class Refused extends EvercredsError {}

function accepted(result: number): number {
  if (result >= 0 || result === abi.Result.NO_ENTRY) return result;
  const words = abi.ERROR_TEXTS[result] ?? `code ${result}`;
  throw new Refused("internal", `the wasm module refused a call of a cache: ${words}`);
}

function release(owned: { runtime: Runtime; handle: number; generation: number }): void {
  const { runtime, handle, generation } = owned;
  owned.handle = 0;
  if (handle === 0 || generation !== runtime.generation) return;
  try {
    runtime.run(undefined, (x) => x.evercreds_cache_free(handle));
  } catch {
    // the instance is gone, and the handle with it
  }
}

/** Gives back the handles of caches that are no longer used. */
const dropped = whenForgotten(release);
