import * as abi from "../library/abi-generated.js";
import { afterArrivals, type Clock } from "../common/clock.js";
import { EvercredsError } from "../errors.js";
import { quietly } from "../common/guard.js";
import { fingerprint, type Hash } from "../library/fingerprint.js";
import type { Decision, Machine, MachineHost } from "../library/machine.js";
import { isAborted, reasonOf } from "../common/signals.js";
import type { AwsCredentials, Source } from "../sources/source.js";
import { Bell } from "./bell.js";
import type { Events } from "./events.js";
import type { FailureReader } from "./failures.js";
import { Flights } from "./flights.js";
import { type Applied, type Caller, type Event, follow, type Followed } from "./follow.js";
import { grant, type Lease } from "./lease.js";
import type { Need } from "./need.js";
import { closedError, Errors } from "./reasons.js";
import { Reports } from "./report.js";
import { type Identified, Sets } from "./sets.js";
import type { Meeting } from "../share/meeting.js";
import { Sharing } from "./sharing.js";
import { State, type Status } from "./status.js";
import { Timer } from "./timer.js";

/**
 * The host of one session, as docs/reference/host.md describes it: puts events to the machine,
 * does what that decides, and holds the secrets that it never sees. One thread runs
 * all of it, so a decision and acting on it are one step without a lock.
 */
export class Host implements MachineHost<Applied> {
  /** Tells of refreshes and failures. */
  readonly events: Events;

  readonly #clock: Clock;
  readonly #source: Source;
  readonly #sets = new Sets();
  readonly #errors: Errors;
  readonly #flights: Flights;
  readonly #followed: Followed;
  readonly #state: State;
  readonly #timer: Timer<Host>;
  /** Undefined: the session does not share. */
  readonly #sharing: Sharing | undefined;
  #machine!: Machine<Applied>;
  #lease: Lease | undefined;
  /** The ticket of the set that is held; 0: none. */
  #held = 0;
  /** For those who wait for an attempt to begin. */
  #pause = new Bell();
  #isClosed = false;

  /** @param meeting the group that the session shares its refreshes with */
  constructor(
    clock: Clock,
    source: Source,
    failures: FailureReader,
    events: Events,
    meeting?: Meeting,
  ) {
    this.events = events;
    this.#clock = clock;
    this.#source = source;
    this.#errors = new Errors(clock, source.names);
    const put = (event: Event) => this.#put(event);
    const reports = new Reports(put, clock, this.#sets, this.#errors, failures);
    this.#flights = new Flights(source, {
      report: (ticket, outcome) => {
        reports.report(ticket, outcome);
      },
      prompted: (ticket) => {
        quietly(() => put((machine) => machine.prompted(ticket)));
      },
    });
    const brought = (ticket: number) => (this.#lease?.set === ticket ? this.#leased() : undefined);
    this.#followed = { put, brought, clock, flights: this.#flights, errors: this.#errors };
    this.#state = new State(clock, this.#errors, source.names, (field) =>
      this.#machine.status(field),
    );
    this.#timer = new Timer<Host>(clock, this, Host.#due);
    this.#sharing =
      meeting &&
      new Sharing(meeting, {
        put,
        clock,
        sets: this.#sets,
        read: (field) => this.#machine.status(field),
        tell: (step, message) => {
          quietly(() => {
            this.events.share(step, message, this.#state.facts.ofNow());
          });
        },
      });
  }

  /** Not made in the constructor: what is made there holds on to the host. */
  static readonly #due = (host: Host) => {
    const wake = () => {
      quietly(() => host.#put((machine) => machine.wake()));
    };
    if (host.#sharing?.isWaiting === true) void host.#arrivals().then(wake);
    else wake();
  };

  /** Takes the machine over and opens it; an eager session starts to fetch. */
  open(machine: Machine<Applied>): void {
    this.#machine = machine;
    machine.open();
  }

  /** For callers who take any set: two clock reads and two compares while a lease lasts. */
  credentials(): Promise<AwsCredentials> {
    return this.#leased() ?? this.credentialsFor({ minTtlMs: 0 });
  }

  /** For callers with needs of their own. */
  async credentialsFor({ minTtlMs, signal, refused }: Need): Promise<AwsCredentials> {
    if (isAborted(signal)) throw reasonOf(signal);
    const leased = minTtlMs === 0 && refused === undefined ? this.#leased() : undefined;
    if (leased !== undefined) return leased;
    this.#flights.refuseOwn();
    if (this.#sharing?.isWaiting === true && this.#timer.lateMs > 0) await this.#arrivals();
    const other = refused === undefined ? NONE : fingerprint(refused.set);
    const evidence = refused?.evidence ?? abi.Evidence.NONE;
    const need = { minTtlMs, other, evidence, untilMs: abi.NEVER };
    const ask: Caller["ask"] = (now) => (machine) => machine.ask(now);
    return follow(this.#followed, { need, ask, signal, isForced: false });
  }

  /** One attempt now, whatever is held; its failure is this caller's. */
  async refresh(signal: AbortSignal | undefined): Promise<AwsCredentials> {
    if (isAborted(signal)) throw reasonOf(signal);
    this.#flights.refuseOwn();
    const need = { minTtlMs: 0, other: NONE, evidence: abi.Evidence.NONE, untilMs: 0 };
    const ask: Caller["ask"] = () => (machine) => machine.force();
    return follow(this.#followed, { need, ask, signal, isForced: true });
  }

  /** Whether a set is one that this session handed out. */
  knows(set: Identified): boolean {
    return this.#sets.knows(set);
  }

  /** Something has changed at the store, or may have. */
  hint(): void {
    quietly(() => this.#put((machine) => machine.shareHint()));
  }

  /** Tells a warning that no decision notes. */
  warn(message: string): void {
    this.events.warn(message, this.#state.facts.ofNow());
  }

  /** When the held set expires, if it has this key; undefined: it has another. */
  expiryOf(accessKeyId: string): number | undefined {
    const held = this.#sets.get(this.#held);
    return held?.credentials.accessKeyId === accessKeyId ? held.handedOut?.expiry : undefined;
  }

  /** The user gives a set up: the one given, or the one held. */
  invalidate(given?: Identified): void {
    const hash = given === undefined ? this.#sets.get(this.#held)?.hash : fingerprint(given);
    if (hash !== undefined && !this.#isClosed) this.#put((machine) => machine.invalidate(hash));
  }

  /** The session's state as of now. */
  status(): Status {
    return this.#state.status();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Frees all waiters with an error, ends the attempt, forgets the secrets. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const parting = this.#machine.close();
    this.#timer.stop();
    this.#sharing?.close(parting);
    this.#void();
    this.#flights.lose();
    this.#sets.forgetBut(0);
    this.#errors.clear();
    this.#source.close();
    this.events.tell("close", () => ({}));
  }

  /** @internal Does what a decision asks of the host. */
  apply(decision: Decision): Applied {
    if (decision.void === 1) this.#void();
    this.#flights.settle(decision.settled);
    this.#flights.letGo(decision.cancelled);
    const applied = this.#answer(decision);
    if (decision.share !== abi.Share.NONE) this.#sharing?.call(decision);
    this.#held = decision.held;
    this.#sets.forgetBut(decision.held);
    this.#timer.arm(decision.nextWake);
    // an error of the machine's is for the next caller: that one asks, and is told
    quietly(() => {
      const trouble = this.#sharing?.takeTrouble();
      this.events.tellOf(decision, this.#flights.takeCauses(), this.#state, trouble);
    });
    return applied;
  }

  /** @internal The machine started a flight: the one way in which a host hears of it. */
  begin(ticket: number, cause: number): void {
    this.#flights.start(ticket, cause);
  }

  /** @internal The machine gave a flight up. */
  cancel(ticket: number): void {
    this.#flights.cancel(ticket);
  }

  /** @internal A new machine takes the place of the old one; its first decision voids leases. */
  restore(): void {
    this.#flights.lose();
    this.#sharing?.lose();
  }

  /** The only way to the machine. */
  #put(event: Event): Applied {
    if (this.#isClosed) throw closedError();
    return event(this.#machine);
  }

  /**
   * Lets the store's answers be heard that have come while the process was stopped: any
   * other event could give their calls up.
   */
  #arrivals(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#timer.lateMs > STOPPED_MS) this.#clock.after(ARRIVAL_MS, resolve, false);
      else afterArrivals(resolve);
    });
  }

  /** What may be handed out without asking. */
  #leased(): Promise<AwsCredentials> | undefined {
    const lease = this.#lease;
    return lease !== undefined &&
      this.#clock.elapsed() < lease.untilElapsed &&
      this.#clock.wall() < lease.untilWall
      ? lease.promise
      : undefined;
  }

  /** What a decision has for its caller. */
  #answer(decision: Decision): Applied {
    switch (decision.kind) {
      case abi.Kind.SERVE:
      case abi.Kind.SERVE_AND_REFRESH: {
        const set = this.#sets.get(decision.set);
        // the machine names no set that it was not told of, and we keep what it holds
        if (set === undefined) throw new EvercredsError("internal", `no set ${decision.set}`);
        this.#lease = grant(decision, set);
        return { decision, granted: this.#lease.promise };
      }
      case abi.Kind.REFRESH_INLINE:
      case abi.Kind.REFRESH:
      case abi.Kind.WAIT: {
        const { ticket } = decision;
        const flight = ticket === 0 ? undefined : this.#flights.expect(ticket);
        return { decision, bell: flight?.bell ?? this.#pause, flight };
      }
      default:
        return { decision };
    }
  }

  /** What was decided before does not hold any more. */
  #void(): void {
    this.#lease = undefined;
    this.#pause.ring();
    this.#pause = new Bell();
  }
}

/** A timer that is so late tells of a process that was stopped. */
const STOPPED_MS = 50;

/** For so long answers may arrive that came meanwhile. */
const ARRIVAL_MS = 20;

/** No set at all. */
const NONE: Hash = { low: 0, high: 0 };
