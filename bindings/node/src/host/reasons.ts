import * as abi from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import { type ErrorCode, EvercredsError } from "../errors.js";
import { isA, isReadable, nameOf } from "../common/guard.js";
import type { Decision } from "../library/machine.js";
import { firstSentence, type Said, saidOf } from "../sources/said.js";
import { type Names, SourceFailure } from "../sources/source.js";
import type { EventFacts } from "./facts.js";
import { Recent } from "./recent.js";

/** What is kept of a failed attempt, for all who are told of it. */
interface Kept {
  /** Whatever the source threw; undefined where it cannot be shown. */
  readonly cause: unknown;
  /** What errors say of it, as of when it came: nobody's change of it is seen by others. */
  readonly words: string;
  readonly said: Said;
}

/** Failed attempts whose errors are kept for callers that are told of them. */
const ERRORS_KEPT = 8;

/** Why and how something failed, and when the next attempt may start. */
type FailureFacts = Pick<Decision, "code" | "errorClass" | "retryAt" | "errorTicket">;

/** How a failure is called in events, in records of the log and in a status. */
type FailureNames = Pick<EventFacts, "errorCode" | "errorClass" | "awsErrorCode">;

const CLASSES: Readonly<Record<number, EventFacts["errorClass"]>> = {
  [abi.ErrorClass.RECOVERABLE]: "recoverable",
  [abi.ErrorClass.PERMANENT]: "permanent",
};

/** The errors of one session's attempts, and what callers get that are made of them. */
export class Errors {
  readonly #clock: Clock;
  readonly #names: Names;
  readonly #kept = new Recent<number, Kept>(ERRORS_KEPT);

  constructor(clock: Clock, names: Names) {
    this.#clock = clock;
    this.#names = names;
  }

  /** Reads the error of an attempt once, for all the errors that come of it. */
  keep(ticket: number, error: unknown): void {
    this.#kept.set(ticket, kept(error, saidOf(this.#names.method, error)));
  }

  /** The error that a decision asks for, with the source's own as its cause: a new one. */
  of({ code, errorClass, retryAt, errorTicket }: FailureFacts): EvercredsError {
    if (code === abi.Code.CLOSED) return closedError();
    const { cause, words = "" } = this.#kept.get(errorTicket) ?? {};
    const { awsErrorCode } = this.facts(code, errorClass, errorTicket);
    const { role } = this.#names;
    const isOfAttempt = abi.OF_ATTEMPTS.includes(code);
    const text = `${this.sentence(code, errorTicket)}${words}`;
    return new EvercredsError(reasonOf(code)[0], text, {
      ...(isOfAttempt && role !== undefined && { role }),
      ...(isOfAttempt && awsErrorCode !== undefined && { awsErrorCode }),
      class: errorClass === abi.ErrorClass.PERMANENT ? "permanent" : "recoverable",
      ...(retryAt !== abi.NEVER && {
        retryAt: new Date(this.#clock.wall() + Math.max(0, retryAt - this.#clock.elapsed())),
      }),
      cause,
    });
  }

  /** What is told of a failure by name. */
  facts(code: number, errorClass: number, ticket: number): FailureNames {
    const isLate = code === abi.Code.TIMED_OUT;
    return {
      errorCode: reasonOf(code)[0],
      errorClass: CLASSES[errorClass],
      awsErrorCode: isLate ? abi.TIMED_OUT : this.#kept.get(ticket)?.said.code,
    };
  }

  /** What was wrong with an attempt, and what to do. */
  sentence(code: number, ticket: number): string {
    const said = this.#kept.get(ticket)?.said ?? {};
    return firstSentence(this.#names.method, code, this.#names.role, said);
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** The name of a code to users, and what its error says. */
function reasonOf(code: number): readonly [ErrorCode, string] {
  const known: Readonly<Record<number, readonly [ErrorCode, string]>> = abi.REASONS;
  return known[code] ?? ["internal", `reason ${code}`];
}

/** The error of every call of a session that is closed. */
export function closedError(): EvercredsError {
  return new EvercredsError(...abi.REASONS[abi.Code.CLOSED], { class: "permanent" });
}

/** The error of a source that asks its own session, and would wait for itself. */
export function reentrantError(): EvercredsError {
  return new EvercredsError("reentrant", abi.REENTRANT, { class: "permanent" });
}

function kept(error: unknown, said: Said): Kept {
  if (!isReadable(error)) {
    return { cause: undefined, words: " (what it threw cannot be read)", said };
  }
  return { cause: error, words: explain(error, said), said };
}

/**
 * Our own words about the cause, or the mere name of an error of somebody
 * else's: its text may hold anything, and stays in the cause.
 */
function explain(cause: unknown, said: Said): string {
  if (isA(cause, SourceFailure) || isA(cause, EvercredsError)) return `: ${cause.message}`;
  const name = isA(cause, Error) ? nameOf(cause) : "";
  return name === "" || name === "Error" || name === said.code ? "" : ` (${name})`;
}
