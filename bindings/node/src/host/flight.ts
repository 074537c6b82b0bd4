import type { Attempt, Reply, Source } from "../sources/source.js";
import { Bell } from "./bell.js";
import { asPartOf, type Mark } from "./reentry.js";
import { type HeldSet, toHold } from "./sets.js";

/** One refresh, from its start until it is settled, and the attempt of the source for it. */
export class Flight implements Mark {
  #bell = new Bell();
  readonly waits: Mark["waits"] = new Set();
  isOver = false;
  /** The source is called, or was. Before that a flight may wait for another process. */
  isBegun = false;
  readonly #abort = new AbortController();

  /** @param generation that of the session when the flight was started */
  constructor(
    readonly ticket: number,
    readonly session: object,
    readonly generation: number,
  ) {}

  /** Rings when the flight is settled. Who sleeps takes it in the step that says so. */
  get bell(): Bell {
    return this.#bell;
  }

  /** Wakes those who wait, and hangs up another bell for who goes on waiting. */
  ring(): void {
    const before = this.#bell;
    this.#bell = new Bell();
    before.ring();
  }

  /** Aborted when the attempt is to end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Tells the attempt to end, if it can. */
  cancel(): void {
    this.#abort.abort(new Error("the refresh was given up"));
  }
}

/** What came of an attempt: a set, or whatever was thrown. */
export type Outcome = { set: HeldSet; reply: Reply } | { set?: undefined; error: unknown };

/** Makes the attempt of a flight. Never rejects. */
export async function attempt(
  flight: Flight,
  source: Source,
  prompted: Attempt["prompted"],
): Promise<Outcome> {
  const { signal } = flight;
  try {
    const reply = await asPartOf(flight, () => source.fetch({ signal, prompted }));
    return { set: toHold(reply), reply };
  } catch (error) {
    return { error };
  } finally {
    flight.isOver = true;
  }
}
