import type { Clock } from "../common/clock.js";
import { EvercredsValidationError } from "../errors.js";
import { isAborted, onAbort } from "../common/signals.js";

/**
 * Wakes those who wait for something to happen. A bell that was rung stays rung, so
 * that nobody sleeps on it for good who took it before that.
 */
export class Bell {
  #isRung = false;
  readonly #sleepers = new Set<() => void>();

  /** Wakes all who sleep on it. */
  ring(): void {
    this.#isRung = true;
    for (const wake of [...this.#sleepers]) wake();
  }

  /**
   * Sleeps until the bell rings or `patienceMs` are over. False: the caller's own signal
   * was aborted, which concerns nobody else.
   *
   * @throws EvercredsValidationError for a signal that cannot be listened to
   */
  sleep(clock: Clock, patienceMs: number, signal?: AbortSignal): Promise<boolean> {
    if (isAborted(signal)) return Promise.resolve(false); // between two waits, where nobody listened
    if (this.#isRung) return Promise.resolve(true);
    return new Promise<boolean>((resolve, reject) => {
      let stopListening: () => void = () => undefined;
      const end = (isAwake: boolean) => {
        this.#sleepers.delete(wake);
        stopTimer();
        stopListening();
        resolve(isAwake);
      };
      const wake = () => {
        end(true);
      };
      // somebody waits, so the process is not to end meanwhile
      const stopTimer = clock.after(patienceMs, wake, true);
      this.#sleepers.add(wake);
      try {
        const leave = () => {
          end(false);
        };
        if (signal !== undefined) stopListening = onAbort(signal, leave);
      } catch {
        const words = "signal must be one to listen to";
        reject(new EvercredsValidationError("signal", words, signal));
        wake();
      }
    });
  }
}
