/** Which client a full cache gives up: the least recently, or the least frequently used. */
export type EvictionPolicy = "LRU" | "LFU";

/** What a cache did since the session was made. */
export interface CacheStats {
  /** Clients that are there. */
  size: number;
  /** The bound in force. */
  maxSize: number;
  /** Calls of {@link RefreshableSession.client} that found theirs. */
  hits: number;
  /** Calls that made it. */
  misses: number;
  /** Clients forgotten because the cache was full. */
  evictions: number;
}

const DEFAULT_MAX_SIZE = 10;

/** Values by key, up to a bound. */
export class BoundedCache<Value> {
  readonly #policy: EvictionPolicy;
  /** The least recently used is the first. */
  readonly #entries = new Map<string, { value: Value; uses: number }>();
  readonly #counts = { hits: 0, misses: 0, evictions: 0 };
  #maxSize = DEFAULT_MAX_SIZE;

  constructor(policy: EvictionPolicy) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The bound in force. */
  get maxSize(): number {
    return this.#maxSize;
  }

  get stats(): CacheStats {
    return { size: this.size, maxSize: this.maxSize, ...this.#counts };
  }

  /** The value of a key, made if need be. */
  getOrMake(key: string, make: () => Value): Value {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#counts.hits++;
      this.#put(key, entry.value, entry.uses + 1);
      return entry.value;
    }
    const value = make(); // if that throws, nothing is kept
    this.#counts.misses++;
    if (this.maxSize === 0) {
      this.#counts.evictions++;
    } else {
      this.#evict(this.maxSize - 1);
      this.#put(key, value, 1);
    }
    return value;
  }

  /** Sets the bound, and forgets what is over it. */
  resize(maxSize: number): void {
    this.#maxSize = Math.abs(maxSize);
    this.#evict(this.maxSize);
  }

  /** All keys and values; the first would be the first to go. */
  list(): [string, Value][] {
    const entries = [...this.#entries];
    if (this.#policy === "LFU") entries.sort(([, a], [, b]) => a.uses - b.uses);
    return entries.map(([key, { value }]) => [key, value]);
  }

  clear(): void {
    this.#entries.clear();
  }

  #put(key: string, value: Value, uses: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, uses });
  }

  #evict(most: number): void {
    if (this.size <= most) return;
    for (const [key] of this.list().slice(0, this.size - most)) {
      this.#entries.delete(key);
      this.#counts.evictions++;
    }
  }
}
