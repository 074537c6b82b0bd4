import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { watchInstances } from "../../../../internal/proofs/worker/instances.mjs";
import type { VirtualClock } from "../support/clock.js";

/** What is in use, with nobody waiting and the garbage gone. */
export interface Usage {
  /** Bytes of the engine's heap. */
  heap: number;
  /** Bytes of buffers outside of it. */
  outside: number;
  /** Bytes of the linear memory of the module's latest instance. */
  wasm: number;
  /** Instances whose memory is still there. */
  instances: number;
  /** Sessions that the latest instance holds. */
  handles: number;
  /** Timers that are running. */
  timers: number;
  /** Listeners of the one signal that all callers bring. */
  listeners: number;
  /** What keeps the process alive: sockets, files, timers of the real clock. */
  resources: number;
}

/** Watches the instances of the module that are made from now on. */
export class Gauge {
  readonly #memories: WeakRef<WebAssembly.Memory>[] = [];
  readonly #clock: VirtualClock;
  readonly #signal: AbortSignal;
  #handles: ReadonlySet<number> = new Set();

  constructor(clock: VirtualClock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    watchInstances((memory, handles) => {
      this.#memories.push(memory);
      this.#handles = handles;
    });
  }

  /** The handles of the latest instance's sessions. */
  get handles(): number[] {
    return [...this.#handles];
  }

  async read(): Promise<Usage> {
    // what is dropped comes to its finalizer between turns, and that drops more
    for (let i = 0; i < 6; i++) {
      await turn();
      globalThis.gc?.();
    }
    const living = this.#memories.flatMap((memory) => memory.deref() ?? []);
    return {
      heap: process.memoryUsage().heapUsed,
      outside: process.memoryUsage().arrayBuffers,
      wasm: living.at(-1)?.buffer.byteLength ?? 0,
      instances: living.length,
      handles: this.#handles.size,
      timers: this.#clock.timers.size,
      listeners: getEventListeners(this.#signal, "abort").length,
      resources: process.getActiveResourcesInfo().length,
    };
  }
}
