import { NEVER } from "../library/abi-generated.js";
import type { Decision } from "../library/machine.js";
import type { AwsCredentials } from "../sources/source.js";
import type { HeldSet } from "./sets.js";

/** A set that may be handed out without asking, until either clock says stop. */
export interface Lease {
  /** The ticket that brought it. */
  readonly set: number;
  readonly untilElapsed: number;
  readonly untilWall: number;
  /** Resolved already: the hot path makes no promise. */
  readonly promise: Promise<AwsCredentials>;
}

/** The lease that a decision grants on the set it names. */
export function grant(decision: Decision, set: HeldSet): Lease {
  return {
    set: decision.set,
    untilElapsed: decision.leaseElapsed,
    untilWall: decision.leaseWall,
    promise: handOut(set, decision.expiry),
  };
}

/** No Date is later, and `new Date` of more is none. */
const LAST_DATE_MS = 8.64e15;

/**
 * The plain object that clients of the SDK get. All callers share it, so it is frozen,
 * and what could be changed in it is made anew for each who reads it: the Date, and
 * `$source`, where the SDK may note how credentials came about.
 */
function handOut(set: HeldSet, expiry: number): Promise<AwsCredentials> {
  if (set.handedOut?.expiry === expiry) return set.handedOut.promise;
  const at = Math.min(expiry, LAST_DATE_MS);
  const credentials: AwsCredentials = { ...set.credentials };
  if (expiry !== NEVER) {
    Object.defineProperty(credentials, "expiration", { get: () => new Date(at), enumerable: true });
  }
  Object.defineProperty(credentials, "$source", { get: () => ({}) });
  Object.freeze(credentials);
  set.handedOut = { expiry, promise: Promise.resolve(credentials) };
  return set.handedOut.promise;
}
