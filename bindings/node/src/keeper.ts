import * as abi from "./abi_generated.js";
import { Bell } from "./bell.js";
import type { Clock } from "./clock.js";
import { EvercredsError } from "./errors.js";
import type { Events } from "./events.js";
import { Flight } from "./flight.js";
import { closedError, decisionError, type FailureReader } from "./failures.js";
import { keep, type Kept, reentrantError } from "./failures.js";
import { quietly } from "./guard.js";
import { fingerprint, type Hash } from "./identity.js";
import { grant, type HeldSet, type Lease } from "./lease.js";
import type { Decision, Machine, MachineHost, MachineNeed } from "./machine.js";
import { asPartOf, isPartOf } from "./reentry.js";
import { type AwsCredentials, malformed, type Reply, type Source } from "./source.js";
import { throwIfAborted } from "./signals.js";
import { weakly } from "./weak.js";

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

/** What a set is told apart from others by. */
type Identified = Pick<AwsCredentials, "accessKeyId" | "sessionToken">;

/** Sets whose refusal is a matter of this session: those that it handed out of late. */
const SETS_KNOWN = 32;

/** What came of an attempt: a set, or whatever was thrown. */
type Outcome = { set: HeldSet; reply: Reply } | { set?: undefined; error: unknown };

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
  /** Rings when what was decided before no longer holds: another epoch, or the end. */
  readonly #bell = new Bell();
  #epoch = 0;
  readonly #known = new Set<string>();
  readonly #sets = new Map<number, HeldSet>();
  readonly #flights = new Map<number, Flight>();
  readonly #errors = new Map<number, Kept>();
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
    throwIfAborted(need.signal);
    const { minTtlMs, refused } = need;
    const other = refused === undefined ? NONE : fingerprint(refused.set);
    const evidence = refused?.evidence ?? abi.Evidence.NONE;
    const told = { minTtlMs, other, evidence, untilMs: abi.NEVER };
    return this.#follow(told, (now) => this.#asking().ask(now), need.signal);
  }

  /** One attempt now, whatever is held; its failure is this caller's. */
  async force(signal: AbortSignal | undefined): Promise<AwsCredentials> {
    throwIfAborted(signal);
    const need = { minTtlMs: 0, other: NONE, evidence: abi.Evidence.NONE, untilMs: 0 };
    return this.#follow(need, () => this.#asking().force(), signal, true);
  }

  /** Whether a set is one that this session handed out. */
  knows(set: Identified): boolean {
    return this.#known.has(keyOf(fingerprint(set)));
  }

  /** A service rejected a set: the one given, or the one held. */
  invalidate(rejected?: Identified): void {
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
    const kept = this.#errors.get(this.status(abi.Status.LAST_TICKET));
    return decisionError(facts, this.#clock, kept);
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
      flight.ring();
    }
    this.#bell.ring();
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
      flight.ring();
    }
  }

  /** @internal What every decision brings with it, whatever was asked. */
  effects(decision: Decision): void {
    if (this.#lease !== undefined && this.#lease.epoch !== decision.epoch) this.#lease = undefined;
    if (decision.settled !== 0) {
      this.#lease = undefined; // the next caller asks anew
      this.#flights.get(decision.settled)?.ring();
    }
    if (decision.epoch !== this.#epoch) {
      this.#epoch = decision.epoch;
      this.#bell.ring();
    }
    // a flight that timed out has no waiters left; its attempt may run on
    if (decision.cancelled !== 0) this.#flights.delete(decision.cancelled);
    this.#arm(decision.nextWake);
    // an error of the machine's is for the next caller: that one asks, and is told
    quietly(() => {
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

  /**
   * Follows what the machine decides for one caller, until that has its answer. What a
   * decision says of the caller's patience is passed on: it begins once.
   */
  async #follow(
    need: MachineNeed,
    ask: (need: MachineNeed) => Decision,
    signal: AbortSignal | undefined,
    forced = false,
  ): Promise<AwsCredentials> {
    let decision = ask(need);
    for (;;) {
      switch (decision.kind) {
        case abi.Kind.SERVE:
        case abi.Kind.SERVE_AND_REFRESH:
          return this.#serve(decision);
        case abi.Kind.REFRESH_INLINE:
        case abi.Kind.REFRESH:
        case abi.Kind.WAIT: {
          const { ticket, deadline, until: untilMs } = decision;
          const next = { ...need, untilMs };
          const patience = deadline - this.#clock.elapsed();
          if (ticket === 0) {
            await this.#bell.wait(this.#clock, patience, signal); // for an attempt to begin
            decision = ask(next);
            break;
          }
          const flight = this.#flights.get(ticket) ?? new Flight(ticket);
          if (isPartOf(flight)) throw reentrantError();
          await flight.wait(this.#clock, patience, signal);
          decision = flight.orphaned ? ask(next) : this.#asking().answer(ticket, next, forced);
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
    const outcome = await this.#attempt(flight);
    if (this.#reports(flight)) this.#report(flight.ticket, outcome);
    this.#flights.delete(flight.ticket);
    flight.ring(); // nobody is left, unless the machine could not be told
  }

  /** Makes the attempt, and gives what came of it. */
  async #attempt(flight: Flight): Promise<Outcome> {
    const { ticket, signal } = flight;
    const prompted = () => {
      if (this.#flights.get(ticket) !== flight || signal.aborted) return; // it is over
      quietly(() => this.#machine.prompted(ticket));
    };
    try {
      const reply = await asPartOf(flight, () => this.#source.fetch({ signal, prompted }));
      return {
        set: { credentials: reply.credentials, hash: fingerprint(reply.credentials) },
        reply,
      };
    } catch (error) {
      return { error };
    }
  }

  /**
   * Tells the machine, whatever came of an attempt: one that it never hears of is
   * waited for until its time is over. What it refuses is a failure, and a failure
   * that it refuses is an attempt that died.
   */
  #report(ticket: number, outcome: Outcome): void {
    try {
      if (outcome.set === undefined) this.#fail(ticket, outcome.error);
      else this.#complete(ticket, outcome.set, outcome.reply);
    } catch {
      quietly(() => {
        if (outcome.set === undefined) this.#machine.abandon(ticket);
        else this.#fail(ticket, malformed("the reply has times that no clock shows"));
      });
    }
  }

  #complete(ticket: number, set: HeldSet, reply: Reply): void {
    this.#sets.set(ticket, set);
    this.#known.add(keyOf(set.hash));
    for (const oldest of this.#known) {
      if (this.#known.size <= SETS_KNOWN) break;
      this.#known.delete(oldest);
    }
    try {
      this.#machine.complete(ticket, set.hash, reply);
    } finally {
      quietly(() => {
        this.#forgetSets();
      });
    }
  }

  #fail(ticket: number, error: unknown): void {
    this.#keepError(ticket, keep(error));
    this.#machine.fail(ticket, this.#failures.read(error, this.#clock.wall()));
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

  #keepError(ticket: number, kept: Kept): void {
    this.#errors.set(ticket, kept);
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
      if (keeper !== undefined) quietly(() => keeper.#machine.wake());
    };
    this.#stopTimer = this.#clock.after(atElapsed - this.#clock.elapsed(), wake, false);
  }
}

/** No set at all. */
const NONE: Hash = { low: 0, high: 0 };

function keyOf({ low, high }: Hash): string {
  return `${low} ${high}`;
}
