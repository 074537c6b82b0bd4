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

/** The clocks and timers of the process. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  elapsed: () => Math.floor(performance.now()),
  after(delayMs, callback, holds) {
    const timer: unknown = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    // browsers give a number, which holds nothing
    if (!holds && typeof timer === "object") (timer as { unref?(): void }).unref?.();
    return () => {
      clearTimeout(timer as number);
    };
  },
};
