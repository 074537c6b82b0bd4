import { isA } from "../common/guard.js";
import type { Attempt } from "./source.js";
import { SourceFailure } from "./source.js";

/**
 * Gives a one-time code of six digits. Called once for each refresh.
 *
 * @param context `signal` is aborted when the time of the attempt is over
 */
export type MfaTokenProvider = (context: {
  readonly signal: AbortSignal;
}) => string | Promise<string>;

/** One-time codes for AssumeRole: each is asked for once and never sent twice. */
export class MfaCodes {
  readonly #provider: MfaTokenProvider;
  #sent: string | undefined;

  constructor(provider: MfaTokenProvider) {
    this.#provider = provider;
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

  async next(attempt: Attempt): Promise<string> {
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
