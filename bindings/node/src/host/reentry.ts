import { platform } from "#platform";
import { shared } from "../common/shared.js";
import { reentrantError } from "./reasons.js";

// The marks of attempts: which one the running code is a part of, and what that waits
// for. Who would wait for itself in the end is refused at once.

/** The mark of an attempt. */
export interface Mark {
  /** Tells the sessions apart, without keeping one. */
  readonly session: object;
  /** What the attempt waits for, in other sessions. */
  readonly waits: Set<{ readonly flight: Mark }>;
  /** The source has answered: what it left running is no part of the attempt. */
  readonly isOver: boolean;
}

/** Undefined where the platform has no such thing; there the time-out helps. */
const { scope } = shared("attempts 1", () => ({ scope: platform?.newScope() }));

/** Runs an attempt so that what is called from it is known for a part of it. */
export function asPartOf<T>(flight: Mark, body: () => T): T {
  return scope === undefined ? body() : scope.run(flight, body);
}

/** The attempt that the running code is a part of; one that is over marks nothing. */
function ownFlight(): Mark | undefined {
  const flight = scope?.current() as Mark | undefined;
  return flight?.isOver === false ? flight : undefined;
}

/**
 * Refuses who is a part of an attempt of this very session.
 *
 * @throws EvercredsError with code "reentrant"
 */
export function refuseOwn(session: object): void {
  if (ownFlight()?.session === session) throw reentrantError();
}

/**
 * Sleeps until a flight is settled, and notes meanwhile who waits for it.
 *
 * @throws EvercredsError with code "reentrant" where that flight waits, directly or
 *   through others, for the attempt that the caller is a part of
 */
export function waitFor<T>(flight: Mark, sleep: () => Promise<T>): Promise<T> {
  const own = ownFlight();
  if (own === undefined) return sleep(); // as all callers but sources: no promise of our own
  if (isWaitingFor(flight, own)) throw reentrantError();
  const wait = { flight };
  own.waits.add(wait);
  return sleep().finally(() => own.waits.delete(wait));
}

/** There is no circle in what waits for what: those who would make one are refused. */
function isWaitingFor(flight: Mark, own: Mark): boolean {
  return flight === own || [...flight.waits].some((wait) => isWaitingFor(wait.flight, own));
}
