/** How long a look at a server may take; without a verdict the client goes on. */
export const LOOK_MS = 5000;

/** Looks at the server; gives what is wrong with it, undefined: nothing that can be told. */
export type Look = () => Promise<string | undefined>;

/** Told why a server is not to be trusted. */
type Refuse = (code: string) => void;

/**
 * Keeps a client from servers that are not to be trusted, some of which the SDK's own
 * would take. Before a client is started, the server is looked at. Each attempt that it
 * makes by itself later has a look beside it, and what it tells waits for that.
 */
export class ServerGate {
  readonly #look: Look;
  readonly #pauseMs: (refusals: number) => number;
  #refusals = 0;
  /** Also holds the process, as a started client does. */
  #opening: NodeJS.Timeout | undefined;
  /** By which a look knows that it is the last. */
  #turn = 0;
  #wasLookedAt = false;
  #held: (() => void)[] | undefined;

  /** @param pauseMs how long to wait after so many refusals */
  constructor(look: Look, pauseMs: (refusals: number) => number) {
    this.#look = look;
    this.#pauseMs = pauseMs;
  }

  /** Looks at the server, after a refusal not before a pause, and calls one of the two. */
  open(start: () => void, refuse: Refuse): void {
    this.close();
    const looking = () => {
      this.#opening = setTimeout(() => undefined, 2 * LOOK_MS);
      this.#judge(() => {
        this.close();
        this.#wasLookedAt = true; // the attempt that begins now
        start();
      }, refuse);
    };
    if (this.#refusals === 0) looking();
    else this.#opening = setTimeout(looking, this.#pauseMs(this.#refusals));
  }

  /** Ends whatever is under way. */
  close(): void {
    clearTimeout(this.#opening);
    this.#opening = undefined;
    this.#turn++;
    this.#held = undefined;
    this.#wasLookedAt = false;
  }

  /** The client has begun an attempt. */
  beside(refuse: Refuse): void {
    if (this.#opening !== undefined) return; // an attempt of before the stop
    if (this.#wasLookedAt) {
      this.#wasLookedAt = false;
      return;
    }
    this.#held = [];
    this.#judge(() => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const tell of held) tell();
    }, refuse);
  }

  /** Tells what the client had to tell, once nothing is against its server. */
  pass(tell: () => void): void {
    if (this.#held === undefined) tell();
    else this.#held.push(tell);
  }

  /** The attempt, or its connection, has ended. Tells whether nothing of it was told yet. */
  ended(): boolean {
    if (this.#opening !== undefined) return false; // those of before the stop
    const isHeld = this.#held !== undefined;
    this.#held = undefined;
    this.#turn++;
    return isHeld;
  }

  #judge(trust: () => void, refuse: Refuse): void {
    const turn = ++this.#turn;
    void this.#look().then((code) => {
      if (turn !== this.#turn) return;
      if (code === undefined) {
        this.#refusals = 0;
        trust();
        return;
      }
      this.close();
      this.#refusals++;
      refuse(code);
    });
  }
}
