import { EvercredsValidationError, Kind } from "../errors.js";
import { type Given, wrong } from "../common/check.js";
import { pause } from "../common/pause.js";
import { type PemSource, pemSource } from "./pem.js";
import { isToken, readToken } from "./pkcs11.js";
import type { PemTexts, Platform, TlsMaterial, Token } from "../platform/types.js";

const PEM_NAMES = ["certificate", "privateKey", "ca"] as const;

/** How long files may be in the midst of being replaced. */
const PATIENCE_MS = 3000;

/** No even pauses, which might meet each of many replacements at the same point. */
const PAUSE_GROWTH = 1.3;

/** Who this side is for a TLS peer, and whom it takes for that peer. */
interface Parts {
  certificate: PemSource | undefined;
  privateKey: PemSource | undefined;
  ca: PemSource | undefined;
  token: Token | undefined;
  verifyPeer: boolean;
}

/** What TLS connections are made with: texts, and files that may be replaced. */
export class TlsIdentity {
  readonly #platform: Platform;
  readonly #parts: Parts;
  #last: TlsMaterial | undefined;

  private constructor(platform: Platform, parts: Parts) {
    this.#platform = platform;
    this.#parts = parts;
    this.read();
  }

  /** Checks the options of a session, files included. */
  static read(options: Given, platform: Platform): TlsIdentity {
    const { verifyPeer = true, pkcs11, privateKey } = options;
    if (typeof verifyPeer !== "boolean") {
      throw wrong("verifyPeer", "must be true or false", verifyPeer);
    }
    if ((privateKey !== undefined) === isToken(pkcs11)) {
      throw keyRefused("exactly one of privateKey and pkcs11 is required", isToken(pkcs11));
    }
    const certificate = pemSource(options, "certificate");
    if (certificate === undefined) {
      throw wrong("certificate", "must be PEM text or the path of a file", undefined);
    }
    return new TlsIdentity(platform, {
      certificate,
      privateKey: pemSource(options, "privateKey"),
      ca: pemSource(options, "ca"),
      token: isToken(pkcs11) ? readToken(pkcs11, platform) : undefined,
      verifyPeer,
    });
  }

  /**
   * The same with what is given instead, for another server, which is verified.
   *
   * @param shown false: without a certificate
   */
  with(options: Given, shown: boolean): TlsIdentity {
    const own = this.#parts;
    const { pkcs11 } = options;
    const privateKey = pemSource(options, "privateKey");
    if (privateKey !== undefined && isToken(pkcs11)) {
      throw keyRefused("at most one of privateKey and pkcs11 can be given", true);
    }
    const token = isToken(pkcs11) ? readToken(pkcs11, this.#platform) : undefined;
    const key = (privateKey ?? token) ? { privateKey, token } : own;
    const certificate = pemSource(options, "certificate") ?? own.certificate;
    return new TlsIdentity(this.#platform, {
      certificate: shown ? certificate : undefined,
      privateKey: shown ? key.privateKey : undefined,
      token: shown ? key.token : undefined,
      ca: pemSource(options, "ca") ?? own.ca,
      verifyPeer: true,
    });
  }

  /**
   * What the texts and files hold now: the same object while that has not changed.
   *
   * @throws EvercredsValidationError where a file cannot be read, or its text is not
   *   what it must be. That may pass, as when files are being replaced
   */
  read(): TlsMaterial {
    const texts: PemTexts = {
      certificate: this.#text("certificate"),
      privateKey: this.#text("privateKey"),
      ca: this.#text("ca"),
    };
    const last = this.#last;
    if (last !== undefined && PEM_NAMES.every((name) => areEqual(last[name], texts[name]))) {
      return last;
    }
    const problem = this.#platform.checkPem(texts);
    if (problem !== undefined) throw wrong(...problem, given(this.#parts[problem[0]]));
    const { token, verifyPeer } = this.#parts;
    this.#last = { ...texts, token, verifyPeer };
    return this.#last;
  }

  /**
   * What {@link read} gives, once the files go together: who replaces two of them does
   * it one after the other, and for a moment they do not.
   *
   * @throws what read() throws, after three seconds; the signal's reason
   */
  async settled(signal: AbortSignal): Promise<TlsMaterial> {
    for (let pauseMs = 20, waitedMs = 0; ; pauseMs *= PAUSE_GROWTH) {
      try {
        return this.read();
      } catch (error) {
        if (!(error instanceof EvercredsValidationError) || waitedMs >= PATIENCE_MS) throw error;
      }
      await pause(pauseMs, signal);
      waitedMs += pauseMs;
    }
  }

  #text(name: keyof PemTexts): Uint8Array | undefined {
    const source = this.#parts[name];
    if (source === undefined || "text" in source) return source?.text;
    try {
      return this.#platform.readFile(source.path);
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      const words = `must be PEM text or the path of a file that can be read (${code})`;
      throw wrong(name, words, source.path);
    }
  }
}

function keyRefused(words: string, both: boolean): EvercredsValidationError {
  const got = new Kind(both ? "both" : "neither");
  return new EvercredsValidationError("privateKey/pkcs11", words, got);
}

function given(source: PemSource | undefined): unknown {
  return source && ("text" in source ? source.text : source.path);
}

function areEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
