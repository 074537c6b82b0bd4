// What the Node worker holds.
import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 15_000;

/** Counts sessions, and the handles of the module's instances that are made from now on. */
export class Usage {
  #memory;
  #handles = new Set();
  #sessions = 0;
  #collected = new FinalizationRegistry(() => this.#sessions--);

  constructor() {
    const real = WebAssembly.Instance;
    const made = (module, imports) => {
      const { exports } = new real(module, imports);
      this.#memory = new WeakRef(exports.memory);
      this.#handles = new Set();
      return { exports: counted(exports, this.#handles) };
    };
    WebAssembly.Instance = function (...args) {
      return made(...args);
    };
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

/** The exports, with a note of each handle from its making to its end. */
function counted(exports, handles) {
  const noted = Object.entries(exports).map(([name, real]) => {
    if (/_(session_new|session_restore)$/.test(name)) {
      const make = (...args) => {
        const handle = real(...args);
        if (handle > 0) handles.add(handle);
        return handle;
      };
      return [name, make];
    }
    if (name.endsWith("_free")) {
      const free = (handle) => {
        handles.delete(handle);
        return real(handle);
      };
      return [name, free];
    }
    return [name, real];
  });
  return Object.fromEntries(noted);
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
