import { platform } from "#platform";
import type { Flight } from "./flight.js";

/** An attempt that the running code is part of, and the one that this is part of. */
interface Part {
  readonly flight: Flight;
  readonly outer: Part | undefined;
}

/** Undefined where the platform has no such thing; there the time-out helps. */
const scope = platform?.newScope();

/** Runs an attempt so that {@link isPartOf} knows what is called from it. */
export function asPartOf<T>(flight: Flight, body: () => T): T {
  if (scope === undefined) return body();
  const part: Part = { flight, outer: scope.current() as Part | undefined };
  return scope.run(part, body);
}

/**
 * Whether the running code is part of this very attempt, directly or through
 * other sessions: then to wait for it would be to wait for oneself.
 */
export function isPartOf(flight: Flight): boolean {
  let part = scope?.current() as Part | undefined;
  while (part !== undefined && part.flight !== flight) part = part.outer;
  return part !== undefined;
}
