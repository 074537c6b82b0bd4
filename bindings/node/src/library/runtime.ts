import * as abi from "./abi-generated.js";
import { nameOf } from "../common/guard.js";
import { EvercredsError } from "../errors.js";
import { type ModuleSource, readModule, toModule } from "./load.js";
import { VERSION } from "./version.js";
import { Wasi } from "./wasi.js";
import { named } from "../common/named.js";

/** The module's exports; generated from the table of the ABI. */
export type Exports = abi.Exports;

/** What the module calls while one of its exports runs. */
export interface HostCalls {
  /** Run this flight; why is one of Cause. Returns at once, and must not throw. */
  begin(ticket: number, cause: number): void;
  /** This flight timed out, or its session was closed. Must not throw. */
  cancel(ticket: number): void;
}

/** An export did not return: the instance is gone, and so are its sessions. */
export class Trap extends Error {
  constructor(cause: unknown, panicText: string) {
    const text = panicText.split("\n", 1)[0] ?? "";
    super(`the wasm module trapped${text === "" ? "" : `: ${text}`}`, { cause });
    dropFrames(cause);
  }

  static {
    named(this, "Trap");
  }
}

/**
 * V8 holds on to the frames of an error, and by them to the instance with all its
 * memory, until somebody reads the error's stack as text.
 */
function dropFrames(error: unknown): unknown {
  return error instanceof Error ? error.stack : undefined;
}

/** By name, since the CJS build may share a runtime of the ESM build's classes. */
export function isTrap(error: unknown): error is Trap {
  return error instanceof Error && error.name === "Trap";
}

interface Instance {
  exports: Exports;
  wasi: Wasi;
  slots: Float64Array<ArrayBuffer>;
  /** The address of the buffer: a dead instance does not tell it any more. */
  buffer: number;
}

/**
 * One instance of the wasm module, for all sessions of a process. It is made at
 * the first use. A trap throws it away; the next call makes another, and each
 * session restores itself there from its snapshot, see `generation`.
 */
export class Runtime {
  #module: WebAssembly.Module | undefined;
  #instance: Instance | undefined;
  #host: HostCalls | undefined;
  #generation = 0;

  /** @param source the compiled module or its bytes; undefined: the file of this package */
  constructor(source?: ModuleSource) {
    if (source !== undefined) this.#module = toModule(source);
  }

  /** Whether the module runs already. */
  get started(): boolean {
    return this.#instance !== undefined;
  }

  /** Handles of an earlier generation are void. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Runs calls into the module. What it calls back meanwhile goes to `host`:
   * the session whose event this is, in nested calls too.
   *
   * @param body makes the calls and must not throw by itself: whatever is thrown
   *   through it counts as a trap
   * @throws Trap if an export did not return
   */
  run<T>(host: HostCalls | undefined, body: (exports: Exports) => T): T {
    const instance = (this.#instance ??= this.#instantiate());
    const outer = this.#host;
    this.#host = host;
    let result: T;
    try {
      result = body(instance.exports);
    } catch (cause) {
      this.#discard(instance);
      throw new Trap(cause, instance.wasi.panicText);
    } finally {
      this.#host = outer;
    }
    // a nested call trapped, and this one ran on in an instance that is dead
    if (this.#instance !== instance) throw new Trap(undefined, instance.wasi.panicText);
    return result;
  }

  /** The slots of the latest decision: the next call overwrites them. */
  slots(): Float64Array {
    const instance = this.#live();
    if (instance.slots.byteLength === 0) {
      instance.slots = slotsOf(instance.exports); // the memory grew and moved
    }
    return instance.slots;
  }

  /** Puts bytes where the module reads them, and gives their number. */
  write(bytes: Uint8Array): number {
    this.#buffer().set(bytes); // throws beyond the capacity
    return bytes.length;
  }

  /** A copy of the first bytes of the module's buffer. */
  read(length: number): Uint8Array {
    return this.#buffer().slice(0, length);
  }

  /** Wipes what was written: codes and endpoints are not to stay in memory. */
  wipe(): void {
    this.#buffer().fill(0);
  }

  #live(): Instance {
    return (this.#instance ??= this.#instantiate());
  }

  #buffer(): Uint8Array {
    return bufferOf(this.#live());
  }

  #discard(instance: Instance): void {
    bufferOf(instance).fill(0); // nobody comes to wipe it, and the memory may be there for long
    if (this.#instance !== instance) return;
    this.#instance = undefined;
    this.#generation++;
  }

  #instantiate(): Instance {
    const module = (this.#module ??= readModule());
    const wasi = new Wasi();
    const host: abi.HostFunctions = {
      refresh_begin: (_session, ticket, _method, cause) => {
        this.#host?.begin(ticket, cause);
      },
      refresh_cancel: (_session, ticket) => {
        this.#host?.cancel(ticket);
      },
    };
    const exports = start(module, wasi, host);
    checkVersion(exports.evercreds_abi_version(), exports.evercreds_abi_features());
    const buffer = exports.evercreds_buffer_address();
    return { exports, wasi, slots: slotsOf(exports), buffer };
  }
}

/** @throws EvercredsError where the engine does not run the module, or it dies at once */
function start(module: WebAssembly.Module, wasi: Wasi, host: abi.HostFunctions): Exports {
  try {
    const { exports: raw } = new WebAssembly.Instance(module, {
      wasi_snapshot_preview1: wasi.importsFor(module),
      [abi.HOST_MODULE]: { ...host },
    });
    const exports = raw as unknown as Exports;
    wasi.memory = exports.memory;
    exports._initialize();
    return exports;
  } catch (cause) {
    dropFrames(cause);
    const [text = ""] = wasi.panicText.split("\n", 1);
    const why = [nameOf(cause), text].filter((part) => part !== "").join(": ");
    throw new EvercredsError("configuration", `the wasm module does not start (${why})`, { cause });
  }
}

function bufferOf({ exports, buffer }: Instance): Uint8Array {
  return new Uint8Array(exports.memory.buffer, buffer, abi.BUFFER_BYTES);
}

function slotsOf(exports: Exports): Float64Array<ArrayBuffer> {
  return new Float64Array(
    exports.memory.buffer,
    exports.evercreds_decision_address(),
    abi.SLOT_COUNT,
  );
}

/** What this package calls; minor versions of the ABI only add to it. */
const FEATURES =
  abi.Feature.SESSIONS | abi.Feature.RULES | abi.Feature.HOST_CALLS | abi.Feature.SHARE;

/** Refuses a module of another major version, an older one, and one that lacks a part. */
export function checkVersion(version: number, features: number): void {
  const major = version >> 16;
  const minor = version & 0xffff;
  const fits = major === abi.ABI_MAJOR && minor >= abi.ABI_MINOR;
  if (fits && (features & FEATURES) === FEATURES) return;
  const words = fits
    ? `the wasm module has features ${features}, and this package needs ${FEATURES}`
    : `the wasm module has ABI version ${major}.${minor}, and this package needs ` +
      `${abi.ABI_MAJOR}.${abi.ABI_MINOR} or a later ${abi.ABI_MAJOR}.x`;
  throw new EvercredsError("configuration", words, { class: "permanent" });
}

/**
 * The ESM and the CJS build of one version share the instance of the process.
 * Another version brings another module, and so has an instance of its own.
 */
const shared = globalThis as Record<symbol, Runtime | undefined>;
const place = Symbol.for(`evercreds ${VERSION} runtime`);

/** The runtime of the process. */
export function theRuntime(): Runtime {
  return (shared[place] ??= new Runtime());
}

/**
 * Gives the wasm module, `evercreds/evercreds.wasm`, to a process that cannot read
 * it from the package's file: a browser, an edge runtime, a bundle. Call it before
 * the first session.
 *
 * ```ts
 * initialize({ module: await WebAssembly.compileStreaming(fetch(url)) });
 * ```
 *
 * @param options `module`: the compiled module, or its bytes
 * @throws EvercredsError with code "configuration" once a session exists
 * @throws EvercredsValidationError for what is neither a module nor bytes
 */
export function initialize(options: { module: ModuleSource }): void {
  const runtime = new Runtime((Object(options) as { module?: ModuleSource }).module ?? {});
  if (shared[place]?.started === true) {
    throw new EvercredsError("configuration", "initialize must come before the first session", {
      class: "permanent",
    });
  }
  shared[place] = runtime;
}
