import { soon } from "../common/clock.js";
import type { Source } from "../sources/source.js";
import { attempt, Flight, type Outcome } from "./flight.js";
import { refuseOwn } from "./reentry.js";

/** What a host does with what its attempts tell. */
interface Hearer {
  /** A person has answered. */
  prompted(ticket: number): void;
  /** The one report of an attempt. */
  report(ticket: number, outcome: Outcome): void;
}

/** A flight that was started, and for which Cause. */
export interface Begun {
  readonly ticket: number;
  readonly cause: number;
}

/** The flights of one session that are under way. */
export class Flights {
  readonly #source: Source;
  readonly #hearer: Hearer;
  readonly #flights = new Map<number, Flight>();
  /** Marks the attempts of this session. */
  readonly #session = {};
  #begun: Begun[] = [];
  #generation = 0;

  constructor(source: Source, hearer: Hearer) {
    this.#source = source;
    this.#hearer = hearer;
  }

  /** How often the flights were lost; what an attempt of an older one brings is dropped. */
  get generation(): number {
    return this.#generation;
  }

  get(ticket: number): Flight | undefined {
    return this.#flights.get(ticket);
  }

  /** @throws EvercredsError to who is a part of an attempt of this session */
  refuseOwn(): void {
    refuseOwn(this.#session);
  }

  /** The flight that somebody waits for, also where the source is not called yet. */
  expect(ticket: number): Flight {
    const known = this.#flights.get(ticket);
    if (known !== undefined) return known;
    const flight = new Flight(ticket, this.#session, this.#generation);
    this.#flights.set(ticket, flight);
    return flight;
  }

  /** Starts a flight, for one of Cause. Returns at once. */
  start(ticket: number, cause: number): void {
    const flight = this.expect(ticket);
    flight.isBegun = true;
    this.#begun.push({ ticket, cause });
    void this.#run(flight);
  }

  /** What flights were started since this was last asked. */
  takeCauses(): Begun[] {
    return this.#begun.splice(0);
  }

  /**
   * Wakes those who wait for a flight. Where a late answer has settled it, it goes on,
   * and those who still wait sleep on another bell.
   */
  settle(ticket: number): void {
    const flight = this.#flights.get(ticket);
    flight?.ring();
    // another process has brought its set: there is no attempt that would report
    if (flight?.isBegun === false) this.#flights.delete(ticket);
  }

  /** Nobody waits for a flight that timed out; its attempt may run on. */
  letGo(ticket: number): void {
    this.#flights.delete(ticket);
  }

  /**
   * Tells an attempt to end, once the call of the machine has returned: who listens is
   * the user's code, and an error made there would hold on to the module's frames.
   */
  cancel(ticket: number): void {
    const flight = this.#flights.get(ticket);
    soon(() => flight?.cancel());
  }

  /** The machine does not know the flights any more: ends all, and wakes who waits. */
  lose(): void {
    this.#generation++;
    this.#begun = [];
    const lost = [...this.#flights.values()];
    this.#flights.clear();
    for (const flight of lost) {
      soon(() => {
        flight.cancel(); // who listens is the user's code, which may use the session
      });
      flight.ring();
    }
  }

  /** One flight, from its start to the one report that the machine gets. */
  async #run(flight: Flight): Promise<void> {
    await Promise.resolve(); // the call of the machine that started it is to return first
    if (this.#isLost(flight)) return; // it trapped instead, or the session was closed
    const { ticket, signal } = flight;
    const outcome = await attempt(flight, this.#source, () => {
      if (this.#flights.get(ticket) === flight && !signal.aborted) this.#hearer.prompted(ticket);
    });
    if (this.#isLost(flight)) return;
    this.#hearer.report(ticket, outcome);
    this.#flights.delete(ticket);
    flight.ring(); // nobody is left, unless the machine could not be told
  }

  #isLost(flight: Flight): boolean {
    return flight.generation !== this.#generation;
  }
}
