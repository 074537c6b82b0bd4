import { NEVER } from "./abi_generated.js";
import type { Decision } from "./machine.js";
import type { AwsCredentials, Reply } from "./source.js";

/** A set that may be handed out without asking, until either clock says stop. */
export interface Lease {
  readonly untilElapsed: number;
  readonly untilWall: number;
  readonly epoch: number;
  readonly set: number;
  readonly credentials: AwsCredentials;
  /** Resolved already: the hot path makes no promise. */
  readonly promise: Promise<AwsCredentials>;
}

/** The lease that a decision grants on the set it names. */
export function grant(decision: Decision, set: Reply["credentials"]): Lease {
  const credentials = handOut(set, decision.expiry);
  return {
    untilElapsed: decision.leaseElapsed,
    untilWall: decision.leaseWall,
    epoch: decision.epoch,
    set: decision.set,
    credentials,
    promise: Promise.resolve(credentials),
  };
}

/**
 * The plain object that clients of the SDK get. All callers of a lease share
 * it, so it is frozen; `$source` is where the SDK may note how credentials came
 * about, and stays open for that.
 */
function handOut(set: Reply["credentials"], expiry: number): AwsCredentials {
  const credentials: AwsCredentials = {
    ...set,
    ...(expiry !== NEVER && { expiration: new Date(expiry) }),
  };
  return Object.freeze(Object.defineProperty(credentials, "$source", { value: {} }));
}
