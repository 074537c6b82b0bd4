// What the Node worker holds.
import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { watchInstances } from "./instances.mjs";

const PATIENCE_MS = 15_000;

/** Counts sessions, and the handles of the module's instances that are made from now on. */
export class Usage {
  #memory;
  #handles = new Set();
  #sessions = 0;
  #collected = new FinalizationRegistry(() => this.#sessions--);

  constructor() {
    watchInstances((memory, handles) => {
      this.#memory = memory;
      this.#handles = handles;
    });
  }

  /** Counts a session until it is collected. */
  watch(session) {
    this.#sessions++;
    this.#collected.register(session);
  }

  /** What is in use once the garbage has gone. */
  async now() {
    // once: it stops the program, for a second where the machine is busy. What
    // finalizers drop after it is gone at the next.
    await turn();
    globalThis.gc();
    const links = descriptors();
    const memory = process.memoryUsage();
    return {
      "resident bytes": memory.rss,
      "heap bytes": memory.heapUsed + memory.arrayBuffers,
      "wasm bytes": this.#memory?.deref()?.buffer.byteLength ?? 0,
      threads: readdirSync("/proc/self/task").length,
      descriptors: links.length,
      sockets: links.filter((link) => link.startsWith("socket:")).length,
      sessions: this.#sessions,
      handles: this.#handles.size,
    };
  }

  /**
   * What is in use with nothing open, once the named numbers are no more than at the
   * start, or, without one, stay the same.
   */
  async settled(names, start) {
    const end = performance.now() + PATIENCE_MS;
    let usage = await this.now();
    while (performance.now() < end) {
      await sleep(500);
      const before = usage;
      usage = await this.now();
      const rests = (name) => (start ? usage[name] <= start[name] : usage[name] === before[name]);
      if (names.every(rests)) break;
    }
    return usage;
  }
}

function descriptors() {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // what the listing itself had open
    }
  });
}
