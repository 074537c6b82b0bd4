/** How long a client may take to stop before it is started again, or another takes its place. */
export const LONGEST_STOP_MS = 5000;

/**
 * A client's stop, from when it was asked for until its end is told. The SDK's client looks
 * at its last wish only: one that is started before it has seen the stop stays connected,
 * and tells neither an end nor a connection. So a start waits for the end. And one that is
 * stopped before it has seen the start tells nothing either: that end is told here.
 */
export class Stop {
  #timer: NodeJS.Timeout | undefined;
  #next: () => void = () => undefined;

  get isUnderWay(): boolean {
    return this.#timer !== undefined;
  }

  /** It was asked for; `end` is called if nothing is told of it. */
  begin(end: () => void): void {
    this.forget();
    this.#timer = setTimeout(end, LONGEST_STOP_MS);
  }

  /** Calls what starts the client: at once, or after the end. */
  after(start: () => void): void {
    if (this.isUnderWay) this.#next = start;
    else start();
  }

  /** The end was told: `tell` passes it on, and what waits for it is called. */
  end(tell: () => void): void {
    if (!this.isUnderWay) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    tell(); // whoever hears it may want no start any more
    const next = this.#next;
    this.drop();
    next();
  }

  /** No start waits any more. */
  drop(): void {
    this.#next = () => undefined;
  }

  /** Nothing is awaited of the client any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.drop();
  }
}
