import { readFile, stat } from "node:fs/promises";
import { type Lock, lockFile } from "./locks.js";

/** Who tries for a lock may meet one who only looks whether it is held. */
const TRIES = 3;
const PAUSE_MS = 5;

/** The locks of the turns that this process has: each falls with its process. */
export class Turns {
  readonly #file: (key: string) => string;
  readonly #held = new Map<string, { lock: Lock; number: number; timer?: NodeJS.Timeout }>();

  /** @param file the lock file of a key */
  constructor(file: (key: string) => string) {
    this.#file = file;
  }

  has(key: string, owner: string): boolean {
    return this.#held.has(nameOf(key, owner));
  }

  /** Tries for the lock; what this owner had is given back first. */
  async take(key: string, owner: string): Promise<Lock | undefined> {
    this.end(key, owner);
    for (let left = TRIES; ; left--) {
      const lock = await lockFile(this.#file(key), 0);
      if (lock !== undefined || left === 1) return lock;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  keep(key: string, owner: string, number: number, lock: Lock): void {
    this.#held.set(nameOf(key, owner), { lock, number });
  }

  /** The turn ends by itself after so long, counted anew. */
  endIn(key: string, owner: string, ms: number): void {
    const held = this.#held.get(nameOf(key, owner));
    if (held === undefined) return;
    clearTimeout(held.timer);
    held.timer = setTimeout(() => {
      this.end(key, owner);
    }, ms).unref();
  }

  /** @param highest a turn with a higher number stays. Default: none does */
  end(key: string, owner: string, highest = Infinity): void {
    const held = this.#held.get(nameOf(key, owner));
    if (held === undefined || held.number > highest) return;
    clearTimeout(held.timer);
    this.#held.delete(nameOf(key, owner));
    held.lock.release();
  }

  /** Whether some process holds the lock. One that seems to be free is tried. */
  async isHeld(key: string): Promise<boolean> {
    const file = this.#file(key);
    if (await isListed(file)) return true;
    const lock = await lockFile(file, 0, true);
    lock?.release();
    return lock === undefined;
  }

  close(): void {
    for (const { lock, timer } of this.#held.values()) {
      clearTimeout(timer);
      lock.release();
    }
    this.#held.clear();
  }
}

function nameOf(key: string, owner: string): string {
  return `${key} ${owner}`;
}

/**
 * Whether Linux lists a lock of the file. That takes nothing from who tries for it, but
 * processes of other containers are not listed.
 */
async function isListed(file: string): Promise<boolean> {
  try {
    const { ino } = await stat(file);
    const locks = await readFile("/proc/locks", "latin1");
    return locks.split("\n").some((line) => {
      const [, kind, , mode, , place = ""] = line.trim().split(/\s+/);
      return kind === "FLOCK" && mode === "WRITE" && place.endsWith(`:${ino}`);
    });
  } catch {
    return false;
  }
}
