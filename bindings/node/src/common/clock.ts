import { guarded } from "./guard.js";

/**
 * Time as a session sees it. Tests bring one of their own; everybody else gets
 * {@link systemClock}.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, whole, from the clock that may step. */
  wall(): number;
  /**
   * Milliseconds, whole, from a clock that never goes back. Node's does not
   * count time asleep, which is why leases read the wall clock too.
   */
  elapsed(): number;
  /**
   * Calls back once after `delayMs`, and gives the function that calls it off.
   * With `holds`, the process does not end before that.
   */
  after(delayMs: number, callback: () => void, holds: boolean): () => void;
}

/** setTimeout fires at once for more than this. An early wake is harmless. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the machine takes for an instant: up to the end of the year 9999. */
const LAST_MS = 253402300799999;

/** Whole milliseconds of a clock; undefined where it gives none, as fakes may. */
function read(clock: () => number): number | undefined {
  const now = Math.floor(guarded(clock, Number.NaN));
  return Math.abs(now) <= LAST_MS ? now : undefined;
}

let wall = 0;
let elapsed = 0;
let beforeMs = 0;

/**
 * The clocks and timers of the process, by their globals as of each call: tests of users
 * put others in their place (fake timers of Jest, vitest, sinon), which begin at 0 or
 * stand still, and take them away again. Elapsed time then goes on from where it was.
 */
export const systemClock: Clock = {
  wall: () => (wall = read(() => Date.now()) ?? wall),
  elapsed() {
    const now = read(() => performance.now()) ?? elapsed - beforeMs;
    if (now + beforeMs < elapsed) beforeMs = elapsed - now;
    return (elapsed = now + beforeMs);
  },
  after(delayMs, callback, holds) {
    const { setTimeout, clearTimeout } = globalThis; // both real, or both fake
    const timer: unknown = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    // browsers give a number, which holds nothing
    if (!holds && typeof timer === "object") (timer as { unref?(): void }).unref?.();
    return () => {
      clearTimeout(timer as number);
    };
  },
};

/** So many rounds of the loop what has come meanwhile may take to be heard. */
const ROUNDS = 2;

/**
 * Runs a function once what has come meanwhile was heard. A process that was stopped runs
 * its timers first, and would take its own sleep for the silence of others.
 */
export function afterArrivals(body: () => void, rounds = ROUNDS): void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (rounds === 0 || setImmediate === undefined) {
    soon(body);
    return;
  }
  setImmediate(() => {
    afterArrivals(body, rounds - 1);
  });
}

/** Runs a function soon, as `queueMicrotask` does, which tests of users may fake. */
export function soon(body: () => void): void {
  void Promise.resolve().then(body);
}
