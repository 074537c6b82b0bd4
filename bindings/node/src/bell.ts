import type { Clock } from "./clock.js";
import { EvercredsValidationError } from "./errors.js";
import { onAbort, reasonOf, throwIfAborted } from "./signals.js";

/** Those who wait for something to happen, each as long as its own patience lasts. */
export class Bell {
  readonly #waiters = new Set<() => void>();

  /** Wakes all who wait. */
  ring(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /**
   * Resolves when the bell rings, or `patienceMs` are over, and rejects when the
   * caller's own signal is aborted, which concerns nobody else.
   */
  async wait(clock: Clock, patienceMs: number, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal); // between two waits, where nobody listened
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(wake);
        stopTimer();
        stopListening?.();
      };
      const wake = () => {
        leave();
        resolve();
      };
      const abort = () => {
        leave();
        // the reason is the caller's own, whatever it is
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal && reasonOf(signal));
      };
      // somebody waits, so the process is not to end meanwhile
      const stopTimer = clock.after(patienceMs, wake, true);
      this.#waiters.add(wake);
      let stopListening: (() => void) | undefined;
      try {
        stopListening = signal && onAbort(signal, abort);
      } catch {
        leave();
        throw new EvercredsValidationError("signal", "signal must be one to listen to", signal);
      }
    });
  }
}
