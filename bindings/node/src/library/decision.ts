import * as abi from "./abi-generated.js";
import type { Hash } from "./fingerprint.js";

/**
 * The answer of the machine to an event. A ticket of 0 means none; an instant
 * that does not exist is NEVER. Instants and spans are milliseconds.
 */
export interface Decision {
  /** Kind */
  readonly kind: number;
  /** Flag */
  readonly flags: number;
  /** Code: the reason of an error. */
  readonly code: number;
  /** ErrorClass of an error. */
  readonly errorClass: number;
  /** The flight to run or to wait for. */
  readonly ticket: number;
  /** The set to serve, by the ticket that brought it. */
  readonly set: number;
  readonly leaseElapsed: number;
  readonly leaseWall: number;
  /** The served set's expiry on the local wall clock. */
  readonly expiry: number;
  /** The flight's deadline on the elapsed clock. */
  readonly deadline: number;
  /** An error: no attempt before here on the elapsed clock. */
  readonly retryAt: number;
  /** An error: the attempt whose failure it is. */
  readonly errorTicket: number;
  readonly epoch: number;
  readonly started: number;
  readonly startCause: number;
  readonly startDeadline: number;
  readonly settled: number;
  readonly cancelled: number;
  readonly nextWake: number;
  /** Phase */
  readonly phase: number;
  /** Note */
  readonly notes: number;
  /** Refresh, RefreshInline, Wait: what this caller's next call passes on; 0: none. */
  readonly until: number;
  /** The set that is held, by its ticket; no other is kept. 0: none. */
  readonly held: number;
  /** 1: the lease ends, and those who wait without a flight ask again. */
  readonly void: number;
  /** Share: make this call of the store. */
  readonly share: number;
  /** Its number. */
  readonly shareCall: number;
  /** It counts as failed from here on, on the elapsed clock. */
  readonly shareUntil: number;
  /** The highest number seen, the generation, or the number of the turn that it ends. */
  readonly shareNumber: number;
  /** The set to publish, by its ticket. */
  readonly shareSet: number;
  /** The turn's length, the time that the set has left, or the notice's length. */
  readonly shareSpan: number;
  /** The notice to leave: ErrorClass plus 16 times the failures in a row. */
  readonly shareNotice: number;
  /** The refused set in whose place the one to publish is. */
  readonly replaces: Hash;
}

/** Copies a decision out of the slots, which the next call overwrites. */
export function readDecision(slots: Float64Array): Decision {
  const at = (slot: number) => slots[slot] ?? 0;
  return {
    kind: at(abi.Slot.kind),
    flags: at(abi.Slot.flags),
    code: at(abi.Slot.code),
    errorClass: at(abi.Slot.errorClass),
    ticket: at(abi.Slot.ticket),
    set: at(abi.Slot.set),
    leaseElapsed: at(abi.Slot.leaseElapsedMs),
    leaseWall: at(abi.Slot.leaseWallMs),
    expiry: at(abi.Slot.expiryMs),
    deadline: at(abi.Slot.deadlineMs),
    retryAt: at(abi.Slot.retryAtMs),
    errorTicket: at(abi.Slot.errorTicket),
    epoch: at(abi.Slot.epoch),
    started: at(abi.Slot.started),
    startCause: at(abi.Slot.startCause),
    startDeadline: at(abi.Slot.startDeadlineMs),
    settled: at(abi.Slot.settled),
    cancelled: at(abi.Slot.cancelled),
    nextWake: at(abi.Slot.nextWakeMs),
    phase: at(abi.Slot.phase),
    notes: at(abi.Slot.notes),
    until: at(abi.Slot.untilMs),
    held: at(abi.Slot.held),
    void: at(abi.Slot.isVoid),
    share: at(abi.Slot.share),
    shareCall: at(abi.Slot.shareCall),
    shareUntil: at(abi.Slot.shareUntilMs),
    shareNumber: at(abi.Slot.shareNumber),
    shareSet: at(abi.Slot.shareSet),
    shareSpan: at(abi.Slot.shareSpanMs),
    shareNotice: at(abi.Slot.shareNotice),
    replaces: { high: at(abi.Slot.replacesHigh) | 0, low: at(abi.Slot.replacesLow) | 0 },
  };
}
