import * as abi from "../library/abi-generated.js";
import { type ErrorClass, EvercredsError } from "../errors.js";
import { guarded, isA, isReadable, peek } from "../common/guard.js";
import { dropBody, header } from "../common/http.js";
import type { Failure } from "../library/machine.js";
import type { Rules } from "../library/rules.js";
import { isShortBase } from "../sources/said.js";
import { SourceFailure } from "../sources/source.js";

const CLASSES: Record<ErrorClass | "throttled", number> = {
  recoverable: abi.ErrorClass.RECOVERABLE,
  permanent: abi.ErrorClass.PERMANENT,
  throttled: abi.ErrorClass.THROTTLED,
};

/** What can be said of an error that tells nothing. */
const UNKNOWN: Failure = {
  class: abi.ErrorClass.RECOVERABLE,
  reason: abi.Code.SOURCE,
  retryAfterMs: 0,
};

/** Tells the machine what kind of failure an error of a source is. */
export class FailureReader {
  readonly #method: number;
  readonly #rules: Rules;

  constructor(method: number, rules: Rules) {
    this.#method = method;
    this.#rules = rules;
  }

  /** Never throws, whatever was thrown: an attempt without a report is waited for. */
  read(error: unknown, nowMs: number): Failure {
    // what throws when it is looked at is a program's fault, and does not pass by waiting
    if (!isReadable(error)) return { ...UNKNOWN, class: abi.ErrorClass.PERMANENT };
    return guarded(() => this.#read(error, nowMs), UNKNOWN);
  }

  #read(error: unknown, nowMs: number): Failure {
    if (isA(error, SourceFailure)) {
      const { class: kind, malformed = false, retryAfterMs = 0 } = error.how;
      const reason = malformed ? abi.Code.MALFORMED : abi.Code.SOURCE;
      return { class: CLASSES[kind], reason, retryAfterMs };
    }
    const response = peek(error, "$response");
    const status = peek(peek(error, "$metadata"), "httpStatusCode");
    const name = peek(error, "name");
    if (isShortBase(this.#method, error)) {
      // a new set would be as short; where an attempt is held off, it may be longer then
      const isHeldOff = (error.retryAt?.getTime() ?? 0) > nowMs;
      return { ...UNKNOWN, class: CLASSES[isHeldOff ? "recoverable" : "permanent"] };
    }
    const kind = isA(error, EvercredsError)
      ? CLASSES[error.class] // a parent session's, or a missing peer
      : this.#rules.errorClass(
          this.#method,
          Number.isInteger(status) && Math.abs(status as number) < 1000 ? (status as number) : 0,
          typeof name === "string" ? name : "",
        );
    const pause = guarded(() => this.#rules.retryAfter((name) => header(response, name), nowMs), 0);
    // Our own client's error leads to its request, with the base session token in
    // it, and is kept for callers. A custom source's error is left alone.
    if (this.#method === abi.Method.STS) dropBody(response);
    return { class: kind, reason: abi.Code.SOURCE, retryAfterMs: pause };
  }
}
