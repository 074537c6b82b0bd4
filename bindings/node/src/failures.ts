import * as abi from "./abi_generated.js";
import type { Clock } from "./clock.js";
import { type ErrorClass, type ErrorCode, EvercredsError } from "./errors.js";
import type { Decision } from "./machine.js";
import type { Rules } from "./rules.js";
import { SourceFailure } from "./source.js";
import { dropBody, header, retryAfter } from "./http.js";

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

/** What the SDK's errors tell beside their name. */
interface ServiceError {
  name?: unknown;
  $metadata?: { httpStatusCode?: unknown };
  $response?: unknown;
}

/** Tells the machine what kind of failure an error of a source is. */
export class FailureReader {
  readonly #method: number;
  readonly #rules: Rules;

  constructor(method: number, rules: Rules) {
    this.#method = method;
    this.#rules = rules;
  }

  read(error: unknown, nowMs: number): Failure {
    if (error instanceof SourceFailure) {
      return {
        class: CLASSES[error.how.class],
        reason: error.how.malformed === true ? abi.Code.MALFORMED : abi.Code.SOURCE,
        retryAfterMs: error.how.retryAfterMs ?? 0,
      };
    }
    const known = (typeof error === "object" && error !== null ? error : {}) as ServiceError;
    const status = known.$metadata?.httpStatusCode;
    const kind =
      error instanceof EvercredsError
        ? CLASSES[error.class] // a parent session's, or a missing peer
        : this.#rules.errorClass(
            this.#method,
            typeof status === "number" ? status : 0,
            typeof known.name === "string" ? known.name : "",
          );
    const pause = retryAfter(header(known.$response, "retry-after"), nowMs);
    // Our own client's error leads to its request, with the base session token in
    // it, and is kept for callers. A custom source's error is left alone.
    if (this.#method === abi.Method.STS) dropBody(known.$response);
    return { class: kind, reason: abi.Code.SOURCE, retryAfterMs: pause };
  }
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
  cause: unknown,
): EvercredsError {
  if (decision.code === abi.Code.CLOSED) return closedError();
  const [code, text] = CODES.get(decision.code) ?? ["internal", `reason ${decision.code}`];
  const details = {
    class: decision.errorClass === abi.ErrorClass.PERMANENT ? "permanent" : "recoverable",
    ...(decision.retryAt !== abi.NEVER && {
      retryAt: new Date(clock.wall() + Math.max(0, decision.retryAt - clock.elapsed())),
    }),
    ...(cause !== undefined && { cause }),
  } as const;
  return new EvercredsError(code, `${text}${explain(cause)}`, details);
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
  if (cause instanceof SourceFailure || cause instanceof EvercredsError) {
    return `: ${cause.message}`;
  }
  return cause instanceof Error && cause.name !== "Error" ? ` (${cause.name})` : "";
}
