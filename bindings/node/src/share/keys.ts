import { createHmac, hkdfSync } from "node:crypto";
import { wrong } from "../common/check.js";
import { guarded } from "../common/guard.js";
import { canonical, type Json } from "./canonical.js";
import { BeforeStoreError } from "./meeting.js";

/** A data key: 32 bytes; a list of them; or a function that gives either. */
export type ShareKey =
  | Uint8Array
  | readonly Uint8Array[]
  | (() => Uint8Array | readonly Uint8Array[] | Promise<Uint8Array | readonly Uint8Array[]>);

/** What is derived from one data key. */
export interface DataKey {
  /** 16 hex digits. */
  readonly id: string;
  /** Seals and opens entries. */
  readonly seal: Uint8Array;
}

/** The keys of one group. The first seals, all open; another may name what they meet under. */
export interface Ring {
  readonly keys: readonly [DataKey, ...DataKey[]];
  /** Makes store keys. */
  readonly name: Uint8Array;
  /** Makes the marks of one-time codes. */
  readonly mark: Uint8Array;
}

const KEY_BYTES = 32;
const SALT = "evercreds share 1";
const WORDS = "must be 32 bytes, a list of such keys, or a function that gives either";

/** How often a function is called again for a key that is not known. */
const AGAIN_MS = 60_000;

/** The keys that a session was given, or gets of a function. */
export class Keyring {
  readonly #given: unknown;
  readonly #nameKey: Uint8Array | undefined;
  #ring: Promise<Ring> | undefined;
  #askedMs = -Infinity;

  /** @throws EvercredsValidationError naming `shareKey` or `shareNameKey` */
  constructor(shareKey: unknown, shareNameKey: unknown) {
    if (shareNameKey !== undefined && !isKey(shareNameKey)) {
      throw wrong("shareNameKey", "must be 32 bytes", shareNameKey);
    }
    // what the user gave may be overwritten later
    this.#nameKey = shareNameKey && Uint8Array.from(shareNameKey);
    const isCalled = typeof shareKey === "function";
    this.#given = isCalled ? shareKey : readKeys(shareKey);
    if (this.#given === undefined) throw wrong("shareKey", WORDS, shareKey);
  }

  /** Calls the function once, and again after it failed. */
  ring(): Promise<Ring> {
    if (this.#ring === undefined) {
      const made = this.#make();
      this.#ring = made;
      made.catch(() => {
        if (this.#ring === made) this.#ring = undefined;
      });
    }
    return this.#ring;
  }

  /**
   * After an entry whose key is not known: what the function gives now. Where that is
   * nothing the keys stay, and the entry is another group's still.
   */
  async renewed(): Promise<Ring> {
    const before = await this.ring();
    const isSoon = performance.now() - this.#askedMs < AGAIN_MS;
    if (typeof this.#given !== "function" || isSoon) return before;
    this.#ring = this.#make().catch(() => before);
    return this.#ring;
  }

  async #make(): Promise<Ring> {
    let keys = this.#given;
    if (typeof keys === "function") {
      this.#askedMs = performance.now();
      try {
        keys = readKeys(await (keys as () => unknown)());
      } catch (error) {
        throw new BeforeStoreError("key", error);
      }
      if (keys === undefined) throw new BeforeStoreError("key", wrong("shareKey", WORDS, keys));
    }
    return ringOf(keys as readonly Uint8Array[], this.#nameKey);
  }
}

/** Copies of the keys; undefined: they are none. */
function readKeys(value: unknown): readonly Uint8Array[] | undefined {
  return guarded(() => {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0 || !list.every(isKey)) return undefined;
    return list.map((key) => Uint8Array.from(key));
  }, undefined);
}

function isKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === KEY_BYTES;
}

/** @internal */
export function ringOf(keys: readonly Uint8Array[], nameKey = keys.at(-1)): Ring {
  const [first, ...others] = keys.map(dataKey);
  if (first === undefined || nameKey === undefined) throw wrong("shareKey", WORDS, undefined);
  const [name, mark] = [derived(nameKey, "name", 32), derived(nameKey, "mark", 32)];
  return { keys: [first, ...others], name, mark };
}

function dataKey(key: Uint8Array): DataKey {
  return {
    id: Buffer.from(derived(key, "id", 8)).toString("hex"),
    seal: derived(key, "seal", 32),
  };
}

function derived(key: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, SALT, info, length));
}

/** The name in the store of what a set is for. */
export function storeKeyOf({ name }: Ring, inputs: Json): string {
  const digest = createHmac("sha256", name).update(canonical(inputs)).digest("hex");
  return `evercreds1:${digest.slice(0, 32)}`;
}

/** What a one-time code is known by that was sent. */
export function markOf({ mark }: Ring, serial: string, code: string): string {
  return createHmac("sha256", mark).update(`${serial}\0${code}`).digest("hex");
}
