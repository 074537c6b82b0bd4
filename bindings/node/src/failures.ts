import * as abi from "./abi_generated.js";
import type { Clock } from "./clock.js";
import { type ErrorClass, type ErrorCode, EvercredsError } from "./errors.js";
import type { Decision } from "./machine.js";
import type { Rules } from "./rules.js";
import { guarded, isA, isReadable, nameOf, peek } from "./guard.js";
import { dropBody, header } from "./http.js";
import { SourceFailure } from "./source.js";

/** A failed attempt as the machine takes it. */
export interface Failure {
  /** ErrorClass */
  class: number;
  /** Code.SOURCE or Code.MALFORMED. */
  reason: number;
  /** The pause that the source asked for, in milliseconds; 0: none. */
  retryAfterMs: number;
}

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

/** What is kept of a failed attempt, for all who are told of it. */
export interface Kept {
  /** Whatever the source threw; undefined where it cannot be shown. */
  readonly cause: unknown;
  /** What errors say of it, as of when it came: nobody's change of it is seen by others. */
  readonly words: string;
}

/** Reads an error once, for all the errors that come of it. */
export function keep(error: unknown): Kept {
  if (!isReadable(error)) return { cause: undefined, words: " (what it threw cannot be read)" };
  return { cause: error, words: explain(error) };
}

const CODES = new Map<number, [ErrorCode, string]>([
  [abi.Code.SOURCE, ["source", "the source of the credentials failed"]],
  [abi.Code.TIMED_OUT, ["timed_out", "the source of the credentials gave no answer in time"]],
  [abi.Code.ABANDONED, ["abandoned", "the refresh died without an answer"]],
  [abi.Code.MALFORMED, ["malformed", "the source's reply could not be used"]],
  [abi.Code.EXPIRED_REPLY, ["expired_reply", "the source's reply had expired already"]],
  [
    abi.Code.STILL_REJECTED,
    ["still_rejected", "the source brought credentials that a service had rejected"],
  ],
  [
    abi.Code.NO_PROGRESS,
    ["no_progress", "the source's reply expires no later than the expired credentials held"],
  ],
  [
    abi.Code.REJECTED,
    ["rejected", "services reject the credentials as fast as they come; attempts are spaced"],
  ],
  [
    abi.Code.MIN_TTL,
    ["min_ttl", "the credentials have less time left than minTtl, and new ones would not help"],
  ],
]);

/** Why and how something failed, and when the next attempt may start. */
export type FailureFacts = Pick<Decision, "code" | "errorClass" | "retryAt">;

/** The error that a decision asks for, with the source's own as its cause. */
export function decisionError(
  decision: FailureFacts,
  clock: Clock,
  kept: Kept | undefined,
): EvercredsError {
  if (decision.code === abi.Code.CLOSED) return closedError();
  const [code, text] = CODES.get(decision.code) ?? ["internal", `reason ${decision.code}`];
  const details = {
    class: decision.errorClass === abi.ErrorClass.PERMANENT ? "permanent" : "recoverable",
    ...(decision.retryAt !== abi.NEVER && {
      retryAt: new Date(clock.wall() + Math.max(0, decision.retryAt - clock.elapsed())),
    }),
    cause: kept?.cause,
  } as const;
  return new EvercredsError(code, `${text}${kept?.words ?? ""}`, details);
}

/** The error of every call of a session that is closed. */
export function closedError(): EvercredsError {
  return new EvercredsError("closed", "the session is closed", { class: "permanent" });
}

/** The error of a source that asks its own session, and would wait for itself. */
export function reentrantError(): EvercredsError {
  const words = "the source of the credentials asks the session that waits for it";
  return new EvercredsError("reentrant", words, { class: "permanent" });
}

/**
 * Our own words about the cause, or the mere name of an error of somebody
 * else's: its text may hold anything, and stays in the cause.
 */
function explain(cause: unknown): string {
  if (isA(cause, SourceFailure) || isA(cause, EvercredsError)) return `: ${cause.message}`;
  const name = isA(cause, Error) ? nameOf(cause) : "";
  return name === "" || name === "Error" ? "" : ` (${name})`;
}
