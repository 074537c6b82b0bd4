import * as abi from "../../src/library/abi-generated.js";
import type { Clock } from "../../src/common/clock.js";
import {
  type Attempt,
  type Reply,
  requireInstant,
  type Source,
  SourceFailure,
} from "../../src/sources/source.js";
import type { Words } from "./words.js";

/** One call of the source, which ends when the scenario says so. */
interface Call extends Attempt {
  answer: (reply: Reply) => void;
  fail: (error: unknown) => void;
  /** Runs something as the source would. */
  inside: (action: () => void) => void;
}

/** By what a set is known, those of other processes too. */
export function identity(n: number | string) {
  return { accessKeyId: `AKID${n}`, sessionToken: `token-${n}` };
}

/** A source that does what a scenario tells it. Its calls are numbered from 1. */
export class ScriptedSource implements Source {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #calls: Call[] = [];
  readonly #replies = new Map<number, Reply>();

  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  readonly names = { method: abi.Method.CUSTOM, sessionName: undefined, role: undefined };

  async fetch(attempt: Attempt): Promise<Reply> {
    let inside: Call["inside"] = () => undefined;
    const answered = new Promise<Reply>((answer, fail) => {
      this.#calls.push({
        ...attempt,
        prompted: () => {
          attempt.prompted();
        },
        answer,
        fail,
        inside: (action) => {
          inside(action);
        },
      });
    });
    const n = this.#calls.length;
    this.#write(`called ${n}`);
    attempt.signal.addEventListener("abort", () => {
      this.#write(`cancelled ${n}`);
    });
    // what the source does happens in its own asynchronous context
    void (async () => {
      for (;;) {
        const action = await new Promise<() => void>((resolve) => (inside = resolve));
        action();
      }
    })();
    return answered;
  }

  close(): void {
    // nothing is held open
  }

  /** By what set N is known. */
  identity(n: number) {
    return identity(n);
  }

  answer(n: number, words: Words): void {
    const call = this.#call(n);
    try {
      const same = words.number("same");
      const reply = same === undefined ? this.#fresh(n, words) : this.#replies.get(same);
      if (reply === undefined) throw new Error(`there is no set ${String(same)}`);
      this.#replies.set(n, reply);
      call.answer(reply);
    } catch (error) {
      call.fail(error); // as a source's that reads a reply which it cannot use
    }
  }

  fail(n: number, words: Words): void {
    const kinds = ["recoverable", "permanent", "throttled"] as const;
    const how = {
      class: kinds[(words.number("class") ?? 1) - 1] ?? "recoverable",
      malformed: words.number("malformed") === 1,
      retryAfterMs: words.number("retry_after") ?? 0,
    };
    this.#call(n).fail(new SourceFailure("the scenario says so", how));
  }

  /** JavaScript has no end without an answer; a failure that the machine refuses is one. */
  die(n: number): void {
    this.#call(n).fail(new SourceFailure("died", { class: "recoverable", retryAfterMs: NaN }));
  }

  prompted(n: number): void {
    this.#call(n).prompted();
  }

  /** Calls `ask` from within the source of flight N. */
  inside(n: number, ask: () => void): void {
    this.#call(n).inside(ask);
  }

  #fresh(n: number, words: Words): Reply {
    const server = words.number("server");
    const now = this.#clock.wall() + (server ?? 0);
    const life = words.number("life");
    return {
      credentials: { ...this.identity(n), secretAccessKey: `secret-${n}` },
      expiryMs: life === undefined ? abi.NEVER : requireInstant(now + life, "expiry"),
      durationMs: words.number("duration") ?? 0,
      serverTimeMs: server === undefined ? 0 : now,
    };
  }

  #call(n: number): Call {
    const call = this.#calls[n - 1];
    if (call === undefined) throw new Error(`there is no attempt ${n}, or no such event`);
    return call;
  }
}
