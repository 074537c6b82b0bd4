import { isPlain } from "../../common/check.js";
import { sha256 } from "../../common/sha256.js";

/**
 * Makes keys of what clients are made of. Equal settings have equal keys, in
 * whatever order they are written; a key is a salted hash, so that nothing of the
 * settings, which may hold secrets, can be read or guessed from it.
 */
export class Keys {
  readonly #salt = crypto.getRandomValues(new Uint8Array(16));
  /** Functions and objects of classes are equal to nothing but themselves. */
  readonly #identities = new WeakMap<object, number>();
  #last = 0;

  /** The key of a client of this class with these settings. */
  of(Client: object, config: object): string {
    const text = `${this.#identity(Client)} ${this.#text(config, [])}`;
    const bytes = new TextEncoder().encode(text);
    const salted = new Uint8Array(this.#salt.length + bytes.length);
    salted.set(this.#salt);
    salted.set(bytes, this.#salt.length);
    const words = sha256(salted);
    bytes.fill(0);
    salted.fill(0);
    return Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** One text for equal values, and different texts for different ones. */
  #text(value: unknown, within: readonly object[]): string {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "function") return this.#identity(value);
    if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
    if (within.includes(value)) return this.#identity(value); // a circle
    const inside = [...within, value];
    if (Array.isArray(value)) return `[${value.map((v) => this.#text(v, inside)).join()}]`;
    if (value instanceof Date) return `Date ${value.getTime()}`;
    if (value instanceof URL) return `URL ${value.href}`;
    if (value instanceof Uint8Array) return `bytes ${value.join()}`;
    if (!isPlain(value)) return this.#identity(value);
    const parts = Object.entries(value)
      .filter(([, v]) => v !== undefined) // as good as not given
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, v]) => `${JSON.stringify(name)}:${this.#text(v, inside)}`);
    return `{${parts.join()}}`;
  }

  #identity(value: object): string {
    let number = this.#identities.get(value);
    if (number === undefined) {
      number = ++this.#last;
      this.#identities.set(value, number);
    }
    return `#${number}`;
  }
}
