import * as abi from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import type { ErrorClass, ErrorCode, EvercredsError } from "../errors.js";
import type { Names } from "../sources/source.js";
import type { RefreshCause } from "./facts.js";
import { FactsReader } from "./facts-reader.js";
import type { Errors } from "./reasons.js";

/** Where a set of credentials stands in its life. */
export type Phase = "empty" | "fresh" | "advisory" | "mandatory" | "expired";

/** The state of a session. Times are in seconds. */
export interface Status {
  /** Where the held credentials stand in their life. */
  phase: Phase;
  /** Time left; Infinity for credentials without expiry, 0 where none are held. */
  remaining: number;
  /** The lifetime that the held credentials had when they came; Infinity: endless. */
  lifetime: number;
  /** The advisory window in force for the held credentials. */
  advisoryTimeout: number;
  /** The mandatory window in force for the held credentials. */
  mandatoryTimeout: number;
  /** A refresh that callers waited for failed, and the held credentials are served on. */
  degraded: boolean;
  /** The held credentials were given up by `invalidate()`. */
  rejected: boolean;
  /** A service rejected the held credentials for a client; the others are served on. */
  reported: boolean;
  /** A refresh is under way. */
  refreshing: boolean;
  /** The session is closed: it holds nothing then, and its counters stay. */
  closed: boolean;
  /** Why the last refresh failed, until one succeeds; undefined: none has. */
  lastErrorCode: ErrorCode | undefined;
  /** Whether that can pass by itself. Throttling can: `lastAwsErrorCode` tells it. */
  lastErrorClass: ErrorClass | undefined;
  /** The error of that failure, with its cause. */
  lastError: EvercredsError | undefined;
  /** RoleSessionName, or the thing's name at AWS IoT. */
  sessionName: string | undefined;
  /** The role's ARN, the role alias, or the name of the function that gets credentials. */
  role: string | undefined;
  /** Why the last refresh began; undefined: none has. */
  lastCause: RefreshCause | undefined;
  /**
   * The error code of the service that the last refresh failed with, such as "AccessDenied"
   * or "Throttling"; where no service answered, a word for what is wrong, such as "network"
   * or "timeout"; see docs/concepts/errors.md. undefined: it has not failed, or neither is known.
   */
  lastAwsErrorCode: string | undefined;
  /** When the held credentials expire; undefined: there are none, or they never do. */
  expiry: Date | undefined;
  /** When the next attempt may start; undefined: at once. */
  nextAttempt: Date | undefined;
  /** What the session is to the processes that share its credentials; "solo": the store has failed. */
  share: "off" | "solo" | "idle" | "following" | "leading";
  /** Time until a refresh may start that nobody waits for; 0: at once. */
  holdOff: number;
  /** What happened since the session began. */
  counters: Counters;
}

/** What happened since a session began. */
export interface Counters {
  /** Refreshes started. */
  starts: number;
  /** Refreshes that brought new credentials. */
  installs: number;
  /** Refreshes that failed, those included that did not end in time. */
  failures: number;
  /** Refreshes that took longer than `refreshTimeout`. */
  timeOuts: number;
  /** Answers that came after their refresh had timed out. */
  lateAnswers: number;
  /** Answers for no refresh that is known; a fault of this package if not 0. */
  unknownTickets: number;
  /** Answers with credentials that expire no later than those held. */
  noProgress: number;
  /** Credentials that were rejected, for one client or for all. */
  rejections: number;
  /** Credentials that other sessions fetched. */
  shareAdopted: number;
  /** Credentials that the store took. */
  sharePublished: number;
  /** Credentials that the store refused, since it has newer ones. */
  shareRefused: number;
  /** Calls of the store. */
  shareCalls: number;
  /** Calls of the store that failed. */
  shareFailures: number;
  /** Refreshes without a turn. */
  shareAlone: number;
}

/** The name to users of a constant; undefined: it is none, or stands for nothing. */
export function nameIn(group: Readonly<Record<string, number>>, value: number): string | undefined {
  const name = Object.keys(group).find((key) => group[key] === value);
  if (name === undefined || name === "NONE") return undefined;
  return name.toLowerCase().replaceAll("_", "-");
}

/** The groups of the fields that are shown by name. */
const NAMED: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [abi.Status.PHASE]: abi.Phase,
  [abi.Status.LAST_CODE]: abi.Code,
  [abi.Status.LAST_CLASS]: abi.ErrorClass,
  [abi.Status.SHARE]: abi.ShareState,
};

function seconds(ms: number): number {
  return ms === abi.NEVER ? Infinity : ms / 1000;
}

/** One field, as its unit has it. */
function shown(field: number, unit: string, value: number): unknown {
  if (unit === "name") return nameIn(NAMED[field] ?? {}, value);
  if (unit === "truth") return value !== 0;
  if (unit === "span") return seconds(value);
  return value;
}

/** The state of one session, as users see it. */
export class State {
  readonly facts: FactsReader;
  readonly #clock: Clock;
  readonly #errors: Errors;
  readonly #read: (field: number) => number;

  /** @param read gives one number of the machine's state; see Status of the table */
  constructor(clock: Clock, errors: Errors, names: Names, read: (field: number) => number) {
    this.facts = new FactsReader(names, clock, errors, read);
    this.#clock = clock;
    this.#errors = errors;
    this.#read = read;
  }

  /** All that a status tells, by the table that every language has. */
  status(): Status {
    const counters: Record<string, unknown> = {};
    const status: Record<string, unknown> = { lastError: this.lastError(), counters };
    const facts = this.facts.ofNow();
    for (const [name, inStatus] of abi.FACTS) status[inStatus] = facts[name];
    for (const [key, [name, unit]] of Object.entries(abi.FIELDS)) {
      const field = Number(key);
      const target = unit === "count" ? counters : status;
      target[name] = shown(field, unit, this.#read(field));
    }
    return status as unknown as Status; // a test compares the names
  }

  /** Seconds that what is held has left; Infinity: it has no expiry. */
  remaining(): number {
    return seconds(this.#read(abi.Status.REMAINING_MS));
  }

  /** What was wrong with the last attempt that failed, and what to do. */
  sentence(): string {
    const ticket = this.#read(abi.Status.LAST_TICKET);
    return this.#errors.sentence(this.#read(abi.Status.LAST_CODE), ticket);
  }

  /** The last failure since the last success, as a new error; undefined: there was none. */
  lastError(): EvercredsError | undefined {
    const code = this.#read(abi.Status.LAST_CODE);
    if (code === abi.Code.NONE) return undefined;
    return this.#errors.of({
      code,
      errorClass: this.#read(abi.Status.LAST_CLASS),
      errorTicket: this.#read(abi.Status.LAST_TICKET),
      retryAt: this.#clock.elapsed() + this.#read(abi.Status.HOLD_OFF_MS),
    });
  }
}
