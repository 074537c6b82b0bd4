import * as abi from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import { type ErrorCode, EvercredsError } from "../errors.js";
import { isA, isReadable, nameOf } from "../common/guard.js";
import type { Decision } from "../library/machine.js";
import { SourceFailure } from "../sources/source.js";
import { Recent } from "./recent.js";

/** What is kept of a failed attempt, for all who are told of it. */
interface Kept {
  /** Whatever the source threw; undefined where it cannot be shown. */
  readonly cause: unknown;
  /** What errors say of it, as of when it came: nobody's change of it is seen by others. */
  readonly words: string;
}

/** Failed attempts whose errors are kept for callers that are told of them. */
const ERRORS_KEPT = 8;

/** Why and how something failed, and when the next attempt may start. */
export type FailureFacts = Pick<Decision, "code" | "errorClass" | "retryAt" | "errorTicket">;

/** The errors of one session's attempts, and what callers get that are made of them. */
export class Errors {
  readonly #clock: Clock;
  readonly #kept = new Recent<number, Kept>(ERRORS_KEPT);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads the error of an attempt once, for all the errors that come of it. */
  keep(ticket: number, error: unknown): void {
    this.#kept.set(ticket, kept(error));
  }

  /** The error that a decision asks for, with the source's own as its cause: a new one. */
  of({ code, errorClass, retryAt, errorTicket }: FailureFacts): EvercredsError {
    if (code === abi.Code.CLOSED) return closedError();
    const { cause, words = "" } = this.#kept.get(errorTicket) ?? {};
    const [name, text] = reasonOf(code);
    return new EvercredsError(name, `${text}${words}`, {
      class: errorClass === abi.ErrorClass.PERMANENT ? "permanent" : "recoverable",
      ...(retryAt !== abi.NEVER && {
        retryAt: new Date(this.#clock.wall() + Math.max(0, retryAt - this.#clock.elapsed())),
      }),
      cause,
    });
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

function kept(error: unknown): Kept {
  if (!isReadable(error)) return { cause: undefined, words: " (what it threw cannot be read)" };
  return { cause: error, words: explain(error) };
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
