import type { HeldSet } from "../host/sets.js";
import type { Found } from "../library/machine.js";
import type { Reply } from "../sources/source.js";

// What a host needs of a store. Sets go in and come out in the clear; whoever stands
// behind it seals them. Fingerprints are 16 hex digits here, zeros for none.

/** A meeting did not come as far as its store: keys, or who calls AWS, could not be had. */
export class BeforeStoreError extends Error {
  readonly beforeStore: "key" | "principal";

  constructor(beforeStore: "key" | "principal", cause: unknown) {
    super("the store was not asked", { cause });
    this.beforeStore = beforeStore;
  }
}

/** An entry that did not open, by what stands beside it. */
interface Junk {
  readonly generation: number;
  readonly fingerprint: string;
}

/** What the record had at a look. */
export interface Saw {
  readonly number: number;
  /** Of its entry, opened or not. */
  readonly fingerprint: string;
  readonly junk: Junk | undefined;
  /** Its entry is of another key, or of a later format. */
  readonly isForeign: boolean;
  /** Another process has written there. */
  readonly hasMet: boolean;
}

/** What a look has found. */
export interface Look extends Found {
  readonly credentials: Reply["credentials"] | undefined;
  readonly saw: Saw;
  /** The store's clock; 0: it has none. */
  readonly clockMs: number;
}

/** Who tries for a turn. */
export interface Candidate {
  readonly owner: string;
  readonly seen: number;
  readonly saw: Saw;
  readonly turnMs: number;
}

/** How a campaign went. */
export interface Turn {
  readonly won: boolean;
  readonly number: number;
  readonly leftMs: number;
  readonly clockMs: number;
}

/** A set for the others. */
export interface SharedSet {
  readonly owner: string;
  readonly set: HeldSet;
  readonly generation: number;
  /** NEVER: it has no end. */
  readonly lifeMs: number;
  readonly leftMs: number;
  /** When it ends on the store's clock; 0: nobody knows. */
  readonly endsMs: number;
  readonly replaces: string;
  readonly junk: Junk | undefined;
}

/** Who gives the turn back, and what is left behind. */
export interface Farewell {
  readonly owner: string;
  readonly number: number;
  /** ErrorClass plus 16 times the failures in a row; 0: none. */
  readonly notice: number;
  readonly noticeMs: number;
}

/**
 * A group of processes, as one session meets it. A call that rejects has failed; an error
 * with a true `isUnreadable` tells that the store gave no record.
 */
export interface Meeting {
  /** @param owner whose own turn is none of another */
  look(owner: string, signal: AbortSignal): Promise<Look>;
  campaign(candidate: Candidate, signal: AbortSignal): Promise<Turn>;
  /** Not stored: the group has a newer set. */
  publish(set: SharedSet, signal: AbortSignal): Promise<{ stored: boolean; clockMs: number }>;
  resign(farewell: Farewell, signal: AbortSignal): Promise<void>;
  /** Gives back what was made for the session. */
  close(): void;
}

/** @internal The fingerprint of no set. */
export const NO_FINGERPRINT = "0".repeat(16);
