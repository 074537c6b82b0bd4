import type { ErrorClass, ErrorCode } from "../errors.js";
import type { Names } from "../sources/source.js";

/** Why a refresh began. */
export type RefreshCause =
  /** Nothing is held. */
  | "first"
  /** The advisory window was reached. */
  | "advisory"
  /** The mandatory window was reached, or the credentials have expired. */
  | "mandatory"
  /** The credentials were given up by `invalidate()`. */
  | "rejected"
  /** A service refused the credentials to one client. */
  | "reported"
  /** `refresh()` was called. */
  | "forced"
  /** An eager session refreshes with nobody asking. */
  | "idle"
  /** A caller needs more time than is left. */
  | "min-ttl"
  /** A refresh that was waited for failed earlier; nobody waits for this one. */
  | "degraded";

/** What sharing with other processes has come to. */
export type ShareStep =
  /** Refreshes are not shared for a while; the event's `reason` tells why. */
  | "store-failed"
  /** They are shared again. */
  | "store-back"
  /** The session that had the turn has not finished; this one goes on in its place. */
  | "took-over"
  /** This session has the turn, and refreshes. */
  | "led"
  /** Another session has the turn, and this one waits for its credentials. */
  | "followed"
  /** Another session could not refresh; a refresh that nobody waits for is delayed. */
  | "held-off"
  /** This session refreshes without a turn. */
  | "alone"
  /** The new credentials were fetched by another session. */
  | "adopted"
  /** The store took the new credentials. */
  | "published"
  /** The store has newer ones. */
  | "refused"
  /** An entry of the store cannot be opened, and counts for nothing; told once for each. */
  | "unopened"
  /** Ten refreshes in a row have met no other session. */
  | "nobody-met";

/** Why refreshes are not shared for a while. */
export type StoreTrouble =
  /** There was no answer in time. */
  | "timeout"
  /** A call of the store failed. */
  | "store"
  /** What the store has cannot be read here: it is no record, or has another key. */
  | "record"
  /** The function `shareKey` failed or returned no keys, or the directory has lost its own. */
  | "key"
  /** It could not be found out who calls AWS. */
  | "principal";

/**
 * What every event and every record of the log tells, and a status by names of its own.
 * Nothing in it is secret. What is not known, or does not go with an event, is undefined.
 */
export interface EventFacts {
  /** RoleSessionName, or the thing's name at AWS IoT. */
  sessionName: string | undefined;
  /** The role's ARN, the role alias, or the name of the function that gets credentials. */
  role: string | undefined;
  /** Why the refresh began. */
  cause: RefreshCause | undefined;
  /** Of a failure, and of "degraded": why the refresh failed. */
  errorCode: ErrorCode | undefined;
  /** Of the same: whether the cause can pass by itself. Throttling can. */
  errorClass: ErrorClass | undefined;
  /**
   * Of the same: the service's own error code, such as "AccessDenied"; where no service
   * answered, a word for what is wrong, such as "network"; see docs/concepts/errors.md.
   */
  awsErrorCode: string | undefined;
  /** When the held credentials expire; undefined also if they never do. */
  expiry: Date | undefined;
  /** When the next attempt may start; undefined: at once. */
  nextAttempt: Date | undefined;
}

/** The names alone. */
export function nothingOf({ sessionName, role }: Names): EventFacts {
  return {
    sessionName,
    role,
    cause: undefined,
    errorCode: undefined,
    errorClass: undefined,
    awsErrorCode: undefined,
    expiry: undefined,
    nextAttempt: undefined,
  };
}
