import { Evidence, MIN_TTL_MAX_MS } from "./library/abi-generated.js";
import { EvercredsValidationError } from "./errors.js";
import { isA, peek } from "./common/guard.js";
import type { Refused } from "./host/need.js";
import { isRecord } from "./common/check.js";
import type { AwsCredentials } from "./sources/source.js";

/** What every call of a session takes that may have to wait. */
export interface CallOptions {
  /** Frees this caller, with the signal's reason; the refresh and its other callers go on. */
  signal?: AbortSignal | undefined;
}

/** What {@link RefreshableSession.credentialsFor} takes. */
export interface CredentialNeeds extends CallOptions {
  /** Seconds that the credentials must have left. Default: 0, any. */
  minTtl?: number | undefined;
  /**
   * A set that a service refused to this caller, who is to have another; for the others
   * it stays. For clients of your own: those of {@link RefreshableSession.client} and
   * those with the plug-in do so by themselves. Error "rejected" where none is to be had.
   */
  otherThan?: Pick<AwsCredentials, "accessKeyId" | "sessionToken"> | undefined;
}

/** Checks what `invalidate` is given. */
export function checkRejected(rejected: unknown): void {
  if (rejected !== undefined) readSet("rejected", rejected);
}

/** Checks what a caller wants another set in place of; a service has refused that surely. */
export function readOther(otherThan: unknown): Refused {
  return { set: readSet("otherThan", otherThan), evidence: Evidence.STRONG };
}

function readSet(name: string, given: unknown): Refused["set"] {
  const accessKeyId = peek(given, "accessKeyId");
  const sessionToken = peek(given, "sessionToken");
  if (typeof accessKeyId === "string" && typeof sessionToken === "string") {
    return { accessKeyId, sessionToken };
  }
  const words = `${name} must be an object with the strings accessKeyId and sessionToken`;
  throw new EvercredsValidationError(name, words, given);
}

const MIN_TTL_MAX_S = MIN_TTL_MAX_MS / 1000;

/** What callers gave, with the defaults. */
interface Needs {
  minTtl: number;
  refused: Refused | undefined;
  signal: AbortSignal | undefined;
}

/** Checks what one call is given, of which it knows `names`. */
export function readNeeds(given: unknown, names: readonly (keyof CredentialNeeds)[]): Needs {
  if (!isRecord(given)) {
    throw new EvercredsValidationError("options", "options must be an object", given);
  }
  const unknown = Object.keys(given).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const words = `${unknown} is not an option; expected one of ${names.join(", ")}`;
    throw new EvercredsValidationError(unknown, words, given[unknown]);
  }
  const { minTtl = 0, otherThan, signal } = given;
  if (typeof minTtl !== "number" || !(minTtl >= 0 && minTtl <= MIN_TTL_MAX_S)) {
    const words = `minTtl must be seconds from 0 to ${MIN_TTL_MAX_S}`;
    throw new EvercredsValidationError("minTtl", words, minTtl);
  }
  if (signal !== undefined && !isA(signal, AbortSignal)) {
    throw new EvercredsValidationError("signal", "signal must be an AbortSignal", signal);
  }
  const refused = otherThan === undefined ? undefined : readOther(otherThan);
  return { minTtl, refused, signal };
}
