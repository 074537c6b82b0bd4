import type { Clock } from "../common/clock.js";
import { guarded } from "../common/guard.js";
import { Evidence } from "../library/abi-generated.js";
import type { Decision, Machine, MachineNeed } from "../library/machine.js";
import { reasonOf } from "../common/signals.js";
import type { AwsCredentials } from "../sources/source.js";
import type { Bell } from "./bell.js";
import type { Flight } from "./flight.js";
import type { Flights } from "./flights.js";
import type { Errors } from "./reasons.js";
import { waitFor } from "./reentry.js";

/** A decision, and what is in it for its caller. */
export interface Applied {
  readonly decision: Decision;
  /** The set that it serves. */
  readonly granted?: Promise<AwsCredentials>;
  /** What the caller sleeps on whom it tells to wait. */
  readonly bell?: Bell;
  /** The flight that it waits for; undefined: for an attempt to begin. */
  readonly flight?: Flight | undefined;
}

/** Puts one event to a machine. */
export type Event = (machine: Machine<Applied>) => Applied;

/** The host whose decisions a caller follows. */
export interface Followed {
  readonly put: (event: Event) => Applied;
  /** The set that a flight has brought, while it has a valid lease. */
  readonly brought: (ticket: number) => Promise<AwsCredentials> | undefined;
  readonly clock: Clock;
  readonly flights: Flights;
  readonly errors: Errors;
}

/** One caller. */
export interface Caller {
  readonly need: MachineNeed;
  /** The event of who asks, and asks again. */
  readonly ask: (need: MachineNeed) => Event;
  /** Frees this caller, and no other. */
  readonly signal: AbortSignal | undefined;
  /** It wants a refresh, whatever is held. */
  readonly isForced: boolean;
}

/**
 * Asks, and does what decisions tell the caller, until it has its answer. What a
 * decision says of the caller's patience is passed on: it begins once.
 *
 * @throws EvercredsError where there is none; the reason of the signal that was aborted
 */
export async function follow(host: Followed, caller: Caller): Promise<AwsCredentials> {
  const { ask, isForced, signal } = caller;
  let applied = host.put(ask(caller.need));
  while (applied.bell !== undefined) {
    const { ticket, deadline, until: untilMs } = applied.decision;
    const { generation } = host.flights;
    const need = { ...caller.need, untilMs };
    const { bell, flight } = applied;
    const sleep = () => bell.sleep(host.clock, deadline - host.clock.elapsed(), signal);
    const isAwake = await (flight === undefined ? sleep() : waitFor(flight, sleep));
    if (!isAwake) return leave(host, caller, need);
    const isLost = ticket === 0 || generation !== host.flights.generation;
    // the machine would serve the same: a thousand callers who wake at once need not ask it
    const brought = takesAny(caller) && !isLost ? host.brought(ticket) : undefined;
    if (brought !== undefined) return brought;
    if (!isLost) applied = host.put((machine) => machine.answer(ticket, need, isForced));
    // lost also where the machine was restored in that very call
    if (isLost || generation !== host.flights.generation) applied = host.put(ask(need));
  }
  if (applied.granted !== undefined) return applied.granted;
  throw host.errors.of(applied.decision);
}

/** Whether any set will do that is good for all. */
function takesAny({ need, isForced }: Caller): boolean {
  return !isForced && need.minTtlMs === 0 && need.evidence === Evidence.NONE;
}

/** Frees a caller who gives up: with what is held where that will do, or its own reason. */
function leave(host: Followed, caller: Caller, need: MachineNeed): Promise<AwsCredentials> {
  const granted = caller.isForced
    ? undefined
    : guarded(() => host.put((machine) => machine.leave(need)).granted, undefined);
  if (granted !== undefined) return granted;
  throw reasonOf(caller.signal);
}
