import * as abi from "./abi_generated.js";
import type { Clock } from "./clock.js";
import { EvercredsError } from "./errors.js";
import type { Events } from "./events.js";
import { Flight } from "./flight.js";
import { closedError, decisionError, type FailureReader, reentrantError } from "./failures.js";
import { fingerprint } from "./identity.js";
import { grant, type HeldSet, type Lease } from "./lease.js";
import type { Decision, Machine, MachineHost } from "./machine.js";
import { asPartOf, isPartOf } from "./reentry.js";
import type { AwsCredentials, Source } from "./source.js";
import { weakly } from "./weak.js";

/** What a caller needs, and how long it goes on waiting for it. */
export interface Need {
  /** The time that must be left, in milliseconds; 0: any. */
  minTtlMs: number;
  /** Frees this caller, and no other. */
  signal?: AbortSignal | undefined;
}

/** Failed attempts whose errors are kept for callers that are told of them. */
const ERRORS_KEPT = 8;

/**
 * Keeps one session's credentials: runs what the machine decides, holds the
 * secrets that the machine never sees, and hands them out under leases.
 */
export class Keeper implements MachineHost {
  /** Tells of refreshes and failures. */
  readonly events: Events;

  readonly #clock: Clock;
  readonly #source: Source;
  readonly #failures: FailureReader;
  #machine!: Machine;
  #lease: Lease | undefined;
  readonly #sets = new Map<number, HeldSet>();
  readonly #flights = new Map<number, Flight>();
  readonly #errors = new Map<number, unknown>();
  #stopTimer: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, source: Source, failures: FailureReader, events: Events) {
    this.events = events;
    this.#clock = clock;
    this.#source = source;
    this.#failures = failures;
  }

  /** Takes the machine over and opens it; an eager session starts to fetch. */
  start(machine: Machine): void {
    this.#machine = machine;
    machine.open();
  }

  /** The hot path: two clock reads and two compares while the lease lasts. */
  get(): Promise<AwsCredentials> {
    const lease = this.#lease;
    if (
      lease !== undefined &&
      this.#clock.elapsed() < lease.untilElapsed &&
      this.#clock.wall() < lease.untilWall
    ) {
      return lease.promise;
    }
    return this.acquire({ minTtlMs: 0 });
  }

  /** Asks the machine, and waits where it says so. */
  async acquire(need: Need): Promise<AwsCredentials> {
    need.signal?.throwIfAborted();
    return this.#follow(need, () => this.#asking().ask(need.minTtlMs), false);
  }

  /** One attempt now, whatever is held; its failure is this caller's. */
  async force(signal: AbortSignal | undefined): Promise<AwsCredentials> {
    signal?.throwIfAborted();
    return this.#follow({ minTtlMs: 0, signal }, () => this.#asking().force(), true);
  }

  /** A service rejected a set: the one given, or the one held. */
  invalidate(rejected?: Pick<AwsCredentials, "accessKeyId" | "sessionToken">): void {
    for (const [ticket, { credentials, hash }] of this.#sets) {
      const meant =
        rejected === undefined
          ? ticket === this.#asking().status(abi.Status.SET)
          : credentials.accessKeyId === rejected.accessKeyId &&
            credentials.sessionToken === rejected.sessionToken;
      if (meant) this.#asking().invalidate(hash);
    }
  }

  /** One number of the machine's state; see Status. 0 once the session is closed. */
  status(field: number): number {
    return this.#closed ? 0 : this.#machine.status(field);
  }

  /** The last failure since the last success; undefined: there was none. */
  lastError(): EvercredsError | undefined {
    const code = this.status(abi.Status.LAST_CODE);
    if (code === 0) return undefined;
    const facts = {
      code,
      errorClass: this.status(abi.Status.LAST_CLASS),
      retryAt: this.#clock.elapsed() + this.status(abi.Status.HOLD_OFF_MS),
    };
    const cause = this.#errors.get(this.status(abi.Status.LAST_TICKET));
    return decisionError(facts, this.#clock, cause);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Frees all waiters with an error, ends the attempt, forgets the secrets. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#machine.close();
    this.#stopTimer?.();
    for (const flight of this.#flights.values()) {
      flight.cancel();
      flight.settle();
    }
    this.#flights.clear();
    this.#sets.clear();
    this.#errors.clear();
    this.#lease = undefined;
    this.#source.close();
    this.events.tell("close", () => ({}));
  }

  /** @internal The machine started a flight. */
  begin(ticket: number): void {
    const flight = new Flight(ticket);
    this.#flights.set(ticket, flight);
    void this.#run(flight);
  }

  /** @internal The machine gave a flight up. */
  cancel(ticket: number): void {
    const flight = this.#flights.get(ticket);
    // The call of the machine is to return first, as in #run: who listens is the
    // user's code, and an error made there would hold on to the module's frames.
    queueMicrotask(() => flight?.cancel());
  }

  /** @internal The machine is being rebuilt, and will not know these flights. */
  rebuilding(): void {
    this.#lease = undefined;
    const orphans = [...this.#flights.values()];
    this.#flights.clear();
    for (const flight of orphans) {
      flight.orphaned = true;
      flight.cancel();
      flight.settle();
    }
  }

  /** @internal What every decision brings with it, whatever was asked. */
  effects(decision: Decision): void {
    if (this.#lease !== undefined && this.#lease.epoch !== decision.epoch) this.#lease = undefined;
    if (decision.settled !== 0) {
      this.#lease = undefined; // the next caller asks anew
      this.#flights.get(decision.settled)?.settle();
    }
    // a flight that timed out has no waiters left; its attempt may run on
    if (decision.cancelled !== 0) this.#flights.delete(decision.cancelled);
    this.#arm(decision.nextWake);
    attemptQuietly(() => {
      this.events.tellOf(decision, this);
    });
  }

  /** Seconds that what is held has left; Infinity: it has no expiry. */
  remaining(): number {
    const ms = this.status(abi.Status.REMAINING_MS);
    return ms === abi.NEVER ? Infinity : ms / 1000;
  }

  #asking(): Machine {
    if (this.#closed) throw closedError();
    return this.#machine;
  }

  async #follow(need: Need, ask: () => Decision, forced: boolean): Promise<AwsCredentials> {
    let decision = ask();
    for (;;) {
      switch (decision.kind) {
        case abi.Kind.SERVE:
        case abi.Kind.SERVE_AND_REFRESH:
          return this.#serve(decision);
        case abi.Kind.REFRESH_INLINE:
        case abi.Kind.REFRESH:
        case abi.Kind.WAIT: {
          const { ticket, deadline } = decision;
          const flight = this.#flights.get(ticket) ?? new Flight(ticket);
          if (isPartOf(flight)) throw reentrantError();
          await flight.wait(this.#clock, deadline - this.#clock.elapsed(), need.signal);
          decision = flight.orphaned ? ask() : this.#asking().answer(ticket, need.minTtlMs, forced);
          break;
        }
        default:
          throw decisionError(decision, this.#clock, this.#errors.get(decision.errorTicket));
      }
    }
  }

  #serve(decision: Decision): Promise<AwsCredentials> {
    const set = this.#sets.get(decision.set);
    // the machine names no set that it was not told of, and we keep what it holds
    if (set === undefined) throw new EvercredsError("internal", `no set ${decision.set}`);
    this.#lease = grant(decision, set);
    return this.#lease.promise;
  }

  /** One attempt, from its start to the one report that the machine gets. */
  async #run(flight: Flight): Promise<void> {
    await Promise.resolve(); // the call of the machine that started it is to return first
    if (!this.#reports(flight)) return; // it trapped instead, or the session was closed
    const report = await this.#attempt(flight);
    if (this.#reports(flight)) attemptQuietly(report);
    this.#flights.delete(flight.ticket);
    flight.settle(); // nobody is left, unless the machine could not be told
  }

  /** Makes the attempt, and gives what is to be reported of it. */
  async #attempt(flight: Flight): Promise<() => void> {
    const { ticket, signal } = flight;
    const prompted = () => {
      if (this.#reports(flight) && !signal.aborted) this.#machine.prompted(ticket);
    };
    try {
      const reply = await asPartOf(flight, () => this.#source.fetch({ signal, prompted }));
      const hash = fingerprint(reply.credentials);
      return () => {
        this.#sets.set(ticket, { credentials: reply.credentials, hash });
        this.#machine.complete(ticket, hash, reply);
        this.#forgetSets();
      };
    } catch (error) {
      return () => {
        this.#keepError(ticket, error);
        this.#machine.fail(ticket, this.#failures.read(error, this.#clock.wall()));
      };
    }
  }

  #reports(flight: Flight): boolean {
    return !this.#closed && !flight.orphaned;
  }

  /** Secrets are held no longer than they can be served. */
  #forgetSets(): void {
    const held = this.#machine.status(abi.Status.SET);
    for (const ticket of this.#sets.keys()) {
      if (ticket !== held) this.#sets.delete(ticket);
    }
  }

  #keepError(ticket: number, error: unknown): void {
    this.#errors.set(ticket, error);
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= ERRORS_KEPT) break;
      this.#errors.delete(oldest);
    }
  }

  #arm(atElapsed: number): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (atElapsed === abi.NEVER || this.#closed) return;
    // weakly: a session that everybody has dropped is not kept for its timer
    const weak = weakly(this);
    const wake = () => {
      const keeper = weak.deref();
      if (keeper !== undefined) attemptQuietly(() => keeper.#machine.wake());
    };
    this.#stopTimer = this.#clock.after(atElapsed - this.#clock.elapsed(), wake, false);
  }
}

/**
 * Where nobody could catch it, an error of the machine is left for the next
 * caller: that one asks, and is told.
 */
function attemptQuietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // see above
  }
}
