import type { Identified } from "./sets.js";

/** What a caller needs, and how long it goes on waiting for it. */
export interface Need {
  /** The time that must be left, in milliseconds; 0: any. */
  minTtlMs: number;
  /** Frees this caller, and no other. */
  signal?: AbortSignal | undefined;
  /** The set that a service refused to this caller, who is to get another. */
  refused?: Refused | undefined;
}

/** A set that a service refused, and how surely. */
export interface Refused {
  set: Identified;
  /** Evidence */
  evidence: number;
}
