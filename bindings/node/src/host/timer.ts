import { NEVER } from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import { quietly } from "../common/guard.js";
import { weakly } from "../common/weak.js";

/** The one timer of a host. It keeps neither the process nor its owner alive. */
export class Timer<Owner extends object> {
  readonly #clock: Clock;
  readonly #owner: Owner;
  readonly #due: (owner: Owner) => void;
  #stop: (() => void) | undefined;
  #atElapsed = NEVER;

  /** @param due called with the owner, which it must not hold by itself */
  constructor(clock: Clock, owner: Owner, due: (owner: Owner) => void) {
    this.#clock = clock;
    this.#owner = owner;
    this.#due = due;
  }

  /** Sets it to an instant of the elapsed clock, in place of the one before. */
  arm(atElapsed: number): void {
    this.stop();
    this.#atElapsed = atElapsed;
    if (atElapsed === NEVER) return;
    const owner = weakly(this.#owner);
    const due = this.#due;
    const wake = () => {
      const live = owner.deref();
      if (live === undefined) return; // everybody has dropped it
      quietly(() => {
        due(live);
      });
    };
    this.#stop = this.#clock.after(atElapsed - this.#clock.elapsed(), wake, false);
  }

  /** By how much it is overdue; below 0: it is not. */
  get lateMs(): number {
    return this.#clock.elapsed() - this.#atElapsed;
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
