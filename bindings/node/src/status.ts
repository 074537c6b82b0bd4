import * as abi from "./abi_generated.js";
import type { EvercredsError } from "./errors.js";

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
  /** A service refused the held credentials to a client; the others are served on. */
  reported: boolean;
  /** A refresh is under way. */
  refreshing: boolean;
  /** Time until an early refresh may be tried again; 0: at once. */
  holdOff: number;
  /** The last failure since credentials were last fetched. */
  lastError: EvercredsError | undefined;
  /** The session is closed; all else is then zero. */
  closed: boolean;
  /** What happened since the session began. */
  counters: Counters;
}

/** What happened since a session began. */
export interface Counters {
  /** Attempts to fetch credentials. */
  refreshesStarted: number;
  /** Attempts that brought credentials. */
  installed: number;
  /** Attempts that failed, those included that timed out. */
  failed: number;
  /** Attempts that took longer than `refreshTimeout`. */
  timedOut: number;
  /** Answers that came after their attempt had timed out. */
  lateAnswers: number;
  /** Answers that belong to no attempt; a fault of this package if not 0. */
  unknownTickets: number;
  /** Replies that expire no later than what was held. */
  noProgress: number;
  /** Times that held credentials were refused, to a client or for all. */
  rejections: number;
}

const PHASES: Readonly<Record<number, Phase>> = {
  [abi.Phase.EMPTY]: "empty",
  [abi.Phase.FRESH]: "fresh",
  [abi.Phase.ADVISORY]: "advisory",
  [abi.Phase.MANDATORY]: "mandatory",
  [abi.Phase.EXPIRED]: "expired",
};

/** @param read gives one number of the machine's state; see Status */
export function readStatus(
  read: (field: number) => number,
  closed: boolean,
): Omit<Status, "lastError"> {
  const seconds = (field: number) => {
    const ms = read(field);
    return ms === abi.NEVER ? Infinity : ms / 1000;
  };
  return {
    phase: PHASES[read(abi.Status.PHASE)] ?? "empty",
    remaining: seconds(abi.Status.REMAINING_MS),
    lifetime: seconds(abi.Status.LIFETIME_MS),
    advisoryTimeout: seconds(abi.Status.ADVISORY_MS),
    mandatoryTimeout: seconds(abi.Status.MANDATORY_MS),
    degraded: read(abi.Status.DEGRADED) === 1,
    rejected: read(abi.Status.IS_REJECTED) === 1,
    reported: read(abi.Status.IS_REPORTED) === 1,
    refreshing: read(abi.Status.FLIGHT) !== 0,
    holdOff: seconds(abi.Status.HOLD_OFF_MS),
    closed,
    counters: {
      refreshesStarted: read(abi.Status.STARTS),
      installed: read(abi.Status.INSTALLS),
      failed: read(abi.Status.FAILURES),
      timedOut: read(abi.Status.TIME_OUTS),
      lateAnswers: read(abi.Status.LATE_ANSWERS),
      unknownTickets: read(abi.Status.UNKNOWN_TICKETS),
      noProgress: read(abi.Status.NO_PROGRESS),
      rejections: read(abi.Status.REJECTIONS),
    },
  };
}
