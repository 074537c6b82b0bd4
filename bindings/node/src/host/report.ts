import type { Clock } from "../common/clock.js";
import { quietly } from "../common/guard.js";
import { malformed } from "../sources/source.js";
import type { FailureReader } from "./failures.js";
import type { Outcome } from "./flight.js";
import type { Followed } from "./follow.js";
import type { Errors } from "./reasons.js";
import type { Sets } from "./sets.js";

/** Tells the machine of one session what came of its attempts. */
export class Reports {
  readonly #put: Followed["put"];
  readonly #clock: Clock;
  readonly #sets: Sets;
  readonly #errors: Errors;
  readonly #failures: FailureReader;

  constructor(
    put: Followed["put"],
    clock: Clock,
    sets: Sets,
    errors: Errors,
    failures: FailureReader,
  ) {
    this.#put = put;
    this.#clock = clock;
    this.#sets = sets;
    this.#errors = errors;
    this.#failures = failures;
  }

  /**
   * Tells it whatever came of an attempt: one that it never hears of is waited for until
   * its time is over. What it refuses is a failure, and a failure that it refuses is an
   * attempt that died.
   */
  report(ticket: number, outcome: Outcome): void {
    const { set } = outcome;
    try {
      if (set === undefined) {
        this.#fail(ticket, outcome.error);
      } else {
        this.#sets.store(ticket, set);
        this.#put((machine) => machine.complete(ticket, set.hash, outcome.reply));
      }
    } catch {
      quietly(() => {
        if (set === undefined) this.#put((machine) => machine.abandon(ticket));
        else this.#fail(ticket, malformed("the reply's times are out of range"));
      });
    }
  }

  #fail(ticket: number, error: unknown): void {
    this.#errors.keep(ticket, error);
    const failure = this.#failures.read(error, this.#clock.wall());
    this.#put((machine) => machine.fail(ticket, failure));
  }
}
