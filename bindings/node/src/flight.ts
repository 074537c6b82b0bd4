import { Bell } from "./bell.js";

/** One refresh attempt under way; its bell rings for those who wait when it is settled. */
export class Flight extends Bell {
  readonly #abort = new AbortController();
  /** The machine was rebuilt meanwhile, and does not know this flight. */
  orphaned = false;

  constructor(readonly ticket: number) {
    super();
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
