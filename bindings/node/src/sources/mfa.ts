import { isA } from "../common/guard.js";
import type { Attempt } from "./source.js";
import { SourceFailure } from "./source.js";
import { pause } from "../common/pause.js";

/**
 * Gives a one-time code of six digits. Called once for each refresh.
 *
 * @param context `signal` is aborted when the time of the attempt is over
 */
export type MfaTokenProvider = (context: {
  readonly signal: AbortSignal;
}) => string | Promise<string>;

/**
 * Writes down that a code is to be sent, for all processes that share. Gives how many
 * milliseconds ago it was written before; undefined: never.
 */
type MarkCode = (serial: string, code: string, signal: AbortSignal) => Promise<number | undefined>;

/** How long a device shows one code. */
const CODE_MS = 30_000;

/** One-time codes for AssumeRole: each is asked for once and never sent twice. */
export class MfaCodes {
  readonly #provider: MfaTokenProvider;
  readonly #isAttended: boolean;
  #sent: string | undefined;
  /** Undefined: the session does not share. */
  mark: MarkCode | undefined;

  /** @param isAttended a person gives the codes */
  constructor(provider: MfaTokenProvider, isAttended = false) {
    this.#provider = provider;
    this.#isAttended = isAttended;
  }

  /** A code that was typed into the configuration is good for one refresh. */
  static once(code: string): MfaCodes {
    let left: string | undefined = code;
    return new MfaCodes(() => {
      const given = left;
      left = undefined;
      if (given === undefined) {
        throw new Error("TokenCode was sent already; give an mfaTokenProvider to stay fresh");
      }
      return given;
    });
  }

  /** A code that no process which shares has sent. */
  async next(attempt: Attempt, serial: string): Promise<string> {
    const code = await this.#ask(attempt);
    const agoMs = await this.#marked(serial, code, attempt);
    if (agoMs === undefined) return code;
    if (this.#isAttended) throw sentBefore();
    await pause(Math.max(0, CODE_MS - agoMs), attempt.signal);
    const another = await this.#ask(attempt);
    if ((await this.#marked(serial, another, attempt)) === undefined) return another;
    throw sentBefore();
  }

  /** A code whose mark cannot be written might be sent by another process too. */
  async #marked(serial: string, code: string, { signal }: Attempt): Promise<number | undefined> {
    try {
      return await this.mark?.(serial, code, signal);
    } catch (cause) {
      throw new SourceFailure("the one-time code was not sent, since its mark cannot be written", {
        class: "recoverable",
        cause,
      });
    }
  }

  async #ask(attempt: Attempt): Promise<string> {
    let code: unknown;
    try {
      code = await this.#provider({ signal: attempt.signal });
    } catch (cause) {
      if (isA(cause, SourceFailure)) throw cause;
      // one that refuses is not asked again at once, but one that ran out of time may be
      const kind = attempt.signal.aborted ? "recoverable" : "permanent";
      throw new SourceFailure("mfaTokenProvider gave no code", {
        class: kind,
        trouble: "no-code",
        cause,
      });
    }
    attempt.prompted();
    if (typeof code !== "string" || !/^[0-9]{6}$/.test(code)) {
      throw new SourceFailure("mfaTokenProvider must give a string of exactly six digits", {
        trouble: "no-code",
        class: "permanent",
      });
    }
    if (code === this.#sent) {
      throw new SourceFailure("mfaTokenProvider gave the code that was sent already", {
        trouble: "no-code",
        class: "recoverable",
      });
    }
    this.#sent = code;
    return code;
  }
}

function sentBefore(): SourceFailure {
  const words =
    "another process has sent this one-time code, which is good once: wait for the next";
  return new SourceFailure(words, { class: "recoverable", trouble: "no-code" });
}
