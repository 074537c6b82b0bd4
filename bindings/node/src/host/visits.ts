import * as abi from "../library/abi-generated.js";
import type { Clock } from "../common/clock.js";
import { type Look, NO_FINGERPRINT, type Saw } from "../share/meeting.js";
import type { Followed } from "./follow.js";
import { Recent } from "./recent.js";
import type { Sets } from "./sets.js";

/** The host for which calls of a store are made. */
export interface SharingHost {
  readonly put: Followed["put"];
  readonly clock: Clock;
  readonly sets: Sets;
  /** One number of the machine's state; see Status. */
  readonly read: (field: number) => number;
  /** Tells what sharing has come to, which no decision notes. */
  readonly tell: (step: "unopened" | "nobody-met", message: string) => void;
}

/** What one flight has heard from the store. */
export interface Visit {
  saw: Saw;
  /** The store's clock in its last answer, and ours when that was there. */
  clock: { readonly storeMs: number; readonly hereMs: number } | undefined;
}

/** Flights whose publications may still come. */
const FLIGHTS_KEPT = 8;

/** Who can write in the store could fill the memory. */
const MOST_UNOPENED = 64;

/** Knows what flights have heard from the store, and tells whom they met there. */
export class Visits {
  readonly #host: SharingHost;
  readonly #flights = new Recent<number, Visit>(FLIGHTS_KEPT);
  readonly #unopened = new Set<string>();
  /** Refreshes in a row that led and met nobody. */
  #alone = 0;
  /** The flight that was counted last. */
  #counted = 0;

  constructor(host: SharingHost) {
    this.#host = host;
  }

  forget(): void {
    this.#flights.clear();
  }

  /**
   * What the flight of a call has heard from the store. A look begins anew.
   *
   * @param set of a publication: the set, which has its flight's ticket
   */
  of(share: number, set: number, isClosed: boolean): Visit {
    const isPublication = share === abi.Share.PUBLISH;
    const flight = isPublication || isClosed ? set : this.#host.read(abi.Status.FLIGHT);
    if (share !== abi.Share.LOOK) return this.#flights.get(flight) ?? newVisit();
    const visit = newVisit();
    this.#flights.set(flight, visit);
    return visit;
  }

  /** A look has found this. An entry that does not open is told once. */
  looked(visit: Visit, { saw, clockMs }: Look): void {
    visit.saw = saw;
    this.heard(visit, clockMs);
    const { fingerprint, junk, isForeign } = saw;
    if ((junk === undefined && !isForeign) || this.#unopened.has(fingerprint)) return;
    if (this.#unopened.size === MOST_UNOPENED) return;
    this.#unopened.add(fingerprint);
    this.#host.tell("unopened", abi.UNOPENED);
  }

  /** The store's clock in an answer; 0: it has told none. */
  heard(visit: Visit, clockMs: number): void {
    if (clockMs > 0) visit.clock = { storeMs: clockMs, hereMs: this.#host.clock.elapsed() };
  }

  /**
   * When a set ends on the store's clock that has so much left; 0: nobody knows. A pause
   * since the store's last answer makes it earlier, never later.
   */
  ends({ clock }: Visit, nowMs: number, leftMs: number): number {
    if (clock === undefined || leftMs === abi.NEVER) return 0;
    return Math.max(0, clock.storeMs + (nowMs - clock.hereMs) + leftMs);
  }

  /**
   * A turn was won: tells, once, if so many refreshes in a row have met no other process. A
   * flight counts once: it extends its turn, and looks again after one that it won late.
   */
  count({ saw }: Visit): void {
    const flight = this.#host.read(abi.Status.FLIGHT);
    if (saw.hasMet) this.#alone = 0;
    else if (flight !== this.#counted && ++this.#alone === abi.NOBODY_MET_AFTER)
      this.#host.tell("nobody-met", abi.NOBODY_MET);
    this.#counted = flight;
  }
}

function newVisit(): Visit {
  const none = { number: 0, fingerprint: NO_FINGERPRINT, junk: undefined };
  return { saw: { ...none, isForeign: false, hasMet: false }, clock: undefined };
}
