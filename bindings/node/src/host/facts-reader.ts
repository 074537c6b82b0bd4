import * as abi from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import type { Names } from "../sources/source.js";
import { type EventFacts, nothingOf, type RefreshCause } from "./facts.js";
import type { Errors } from "./reasons.js";
import { Recent } from "./recent.js";

/** More than the outcomes that the machine remembers. */
const CAUSES_KEPT = 16;

/** Reads the facts of one session. */
export class FactsReader {
  readonly names: Names;
  readonly #clock: Clock;
  readonly #errors: Errors;
  readonly #read: (field: number) => number;
  readonly #causes = new Recent<number, RefreshCause>(CAUSES_KEPT);
  #lastCause: RefreshCause | undefined;

  constructor(names: Names, clock: Clock, errors: Errors, read: (field: number) => number) {
    this.names = names;
    this.#clock = clock;
    this.#errors = errors;
    this.#read = read;
  }

  /** Keeps why a refresh began. */
  begun(ticket: number, cause: RefreshCause): void {
    this.#causes.set(ticket, cause);
    this.#lastCause = cause;
  }

  /** For a status: the cause is that of the last refresh. */
  ofNow(): EventFacts {
    const isClosed = this.#read(abi.Status.IS_CLOSED) !== 0;
    return isClosed ? nothingOf(this.names) : this.#facts(this.#lastCause, true);
  }

  /** For what is told of the last failure. */
  ofFailure(): EventFacts {
    return this.#facts(this.#causes.get(this.#read(abi.Status.LAST_TICKET)), true);
  }

  /** For what is told of a set, or of a refresh that has begun. */
  ofTicket(ticket: number): EventFacts {
    return this.#facts(this.#causes.get(ticket), false);
  }

  #facts(cause: RefreshCause | undefined, hasFailed: boolean): EventFacts {
    const left = this.#read(abi.Status.REMAINING_MS);
    const hasEnd = this.#read(abi.Status.SET) !== 0 && left !== abi.NEVER;
    const holdOff = this.#read(abi.Status.HOLD_OFF_MS);
    const wall = this.#clock.wall();
    const code = hasFailed ? this.#read(abi.Status.LAST_CODE) : abi.Code.NONE;
    return {
      ...nothingOf(this.names),
      cause,
      ...(code !== abi.Code.NONE &&
        this.#errors.facts(
          code,
          this.#read(abi.Status.LAST_CLASS),
          this.#read(abi.Status.LAST_TICKET),
        )),
      expiry: hasEnd ? new Date(wall + left) : undefined,
      nextAttempt: holdOff > 0 ? new Date(wall + holdOff) : undefined,
    };
  }
}
