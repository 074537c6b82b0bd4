import { EvercredsValidationError } from "./errors.js";
import { isA } from "./guard.js";
import { isRecord } from "./options.js";

/** What every call of a session takes that may have to wait. */
export interface CallOptions {
  /** Frees this caller, with the signal's reason; the refresh and its other callers go on. */
  signal?: AbortSignal | undefined;
}

/** What {@link RefreshableSession.credentialsFor} takes. */
export interface CredentialNeeds extends CallOptions {
  /** Seconds that the credentials must have left. Default: 0, any. */
  minTtl?: number | undefined;
}

/** Checks what `invalidate` is given. */
export function checkRejected(rejected: unknown): void {
  if (rejected === undefined) return;
  const set = isRecord(rejected) ? rejected : {};
  if (typeof set["accessKeyId"] !== "string" || typeof set["sessionToken"] !== "string") {
    const words = "rejected must be an object with the strings accessKeyId and sessionToken";
    throw new EvercredsValidationError("rejected", words, rejected);
  }
}

/** What callers gave, with the defaults. */
interface Needs {
  minTtl: number;
  signal: AbortSignal | undefined;
}

/** Checks what one call is given, of which it knows `names`. */
export function readNeeds(given: unknown, names: readonly (keyof Needs)[]): Needs {
  if (!isRecord(given)) {
    throw new EvercredsValidationError("options", "options must be an object", given);
  }
  const unknown = Object.keys(given).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const words = `${unknown} is not an option; expected one of ${names.join(", ")}`;
    throw new EvercredsValidationError(unknown, words, given[unknown]);
  }
  const { minTtl = 0, signal } = given;
  // a day is beyond what any source issues
  if (typeof minTtl !== "number" || !(minTtl >= 0 && minTtl <= 86400)) {
    throw new EvercredsValidationError("minTtl", "minTtl must be seconds from 0 to 86400", minTtl);
  }
  if (signal !== undefined && !isA(signal, AbortSignal)) {
    throw new EvercredsValidationError("signal", "signal must be an AbortSignal", signal);
  }
  return { minTtl, signal };
}
