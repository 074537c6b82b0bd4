/*
 * The little of WASI that the module needs. Every import that the module lists
 * exists, but only four do something: what the Go runtime really calls. There
 * are no files, no arguments, no environment and no sockets to give away.
 */

import { systemClock } from "../common/clock.js";
import { named } from "../common/named.js";

/** What a guest wrote to its standard error before it died, at most this much. */
const MAX_TEXT = 4096;

const ERRNO_SUCCESS = 0;
const ERRNO_NOSYS = 52;

/** The guest called proc_exit: as good as a trap. */
class GuestExit extends Error {
  constructor(readonly status: number) {
    super(`the module ended itself with status ${status}`);
  }

  static {
    named(this, "GuestExit");
  }
}

/**
 * The imports of `wasi_snapshot_preview1` for one instance. Set {@link memory}
 * after instantiation and before the first call.
 */
export class Wasi {
  memory!: { readonly buffer: ArrayBuffer };
  #text = "";

  /** The text of a panic; it is about the machine, which never sees a secret. */
  get panicText(): string {
    return this.#text;
  }

  /** One function for each import of WASI that the module lists. */
  importsFor(module: WebAssembly.Module): Record<string, (...args: never[]) => number> {
    const working: Record<string, (...args: never[]) => number> = {
      clock_time_get: this.#clockTimeGet,
      random_get: this.#randomGet,
      args_sizes_get: this.#noStrings,
      environ_sizes_get: this.#noStrings,
      fd_write: this.#fdWrite,
      proc_exit: (status: number) => {
        throw new GuestExit(status);
      },
    };
    const imports: typeof working = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      if (from === "wasi_snapshot_preview1") imports[name] = working[name] ?? (() => ERRNO_NOSYS);
    }
    return imports;
  }

  #view(): DataView {
    return new DataView(this.memory.buffer); // anew: the memory may have grown
  }

  readonly #clockTimeGet = (clock: number, _precision: bigint, address: number): number => {
    // Go's runtime does not start at the instant 0, where fake timers of tests begin
    const ms = Math.max(1, clock === 0 ? systemClock.wall() : systemClock.elapsed());
    this.#view().setBigUint64(address, BigInt(ms) * 1_000_000n, true);
    return ERRNO_SUCCESS;
  };

  readonly #randomGet = (address: number, length: number): number => {
    const most = 65536; // what getRandomValues gives at once
    for (let at = 0; at < length; at += most) {
      const size = Math.min(most, length - at);
      crypto.getRandomValues(new Uint8Array(this.memory.buffer, address + at, size));
    }
    return ERRNO_SUCCESS;
  };

  readonly #noStrings = (countAddress: number, sizeAddress: number): number => {
    const view = this.#view();
    view.setUint32(countAddress, 0, true);
    view.setUint32(sizeAddress, 0, true);
    return ERRNO_SUCCESS;
  };

  /** Keeps what the runtime says when it panics, and swallows it otherwise. */
  readonly #fdWrite = (_fd: number, vectors: number, count: number, written: number): number => {
    const view = this.#view();
    const decoder = new TextDecoder();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const address = view.getUint32(vectors + 8 * i, true);
      const length = view.getUint32(vectors + 8 * i + 4, true);
      this.#text += decoder.decode(new Uint8Array(this.memory.buffer, address, length));
      total += length;
    }
    this.#text = this.#text.slice(0, MAX_TEXT);
    view.setUint32(written, total, true);
    return ERRNO_SUCCESS;
  };
}
