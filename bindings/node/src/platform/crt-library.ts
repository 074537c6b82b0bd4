import { systemClock } from "../common/clock.js";
import type { io } from "aws-iot-device-sdk-v2";
import { shared } from "../common/shared.js";
import { errorName } from "./crt.js";
import type { TlsProblem, Token } from "./types.js";

/** The token is there, and has forgotten this process: another login is enough. */
const FORGOTTEN = /CKR_(?:SESSION_HANDLE_INVALID|SESSION_CLOSED|USER_NOT_LOGGED_IN)$/;

/** How long tokens that are there are spared a new login for the sake of one that is not. */
const RENEWALS_APART_MS = 1000;

/** By their paths. */
const all = shared("pkcs11 libraries 1", () => new Map<string, TokenLibrary>());

/** A PKCS#11 library, one for the process, since two would share its state. */
export class TokenLibrary {
  /** Changes when the library was ended: what was made before is void then. */
  generation = 0;
  readonly lib: io.Pkcs11Lib;
  readonly #native: typeof io;
  readonly #path: string;
  /** Initializes the library, and ends it; "others": those are to. */
  #life: io.Pkcs11Lib | "others" | undefined;
  #renewedMs = -Infinity;
  /** Who has logged in since. */
  #user: WeakRef<Token> | undefined;
  #hasSeveral = false;
  /** Handshakes that may be under way: to end the library beneath one ends the process. */
  readonly #handshakes = new Set<object>();

  private constructor(native: typeof io, path: string) {
    this.#native = native;
    this.#path = path;
    this.#begin();
    const { OMIT } = native.Pkcs11Lib.InitializeFinalizeBehavior;
    this.lib = new native.Pkcs11Lib(path, OMIT);
  }

  static of(native: typeof io, { library }: Token): TokenLibrary | TlsProblem {
    try {
      const found = all.get(library) ?? new TokenLibrary(native, library);
      all.set(library, found);
      return found;
    } catch (error) {
      const problem = `the library of pkcs11.pkcs11Lib cannot be loaded (${errorName(error)})`;
      return { parameter: "pkcs11.pkcs11Lib", problem, permanent: true };
    }
  }

  /** Called when a token has let itself be used. */
  used(token: Token): void {
    const known = this.#user?.deref();
    if (known === undefined) this.#user = new WeakRef(token);
    else if (known !== token) this.#hasSeveral = true;
  }

  /** Called when a handshake begins, with the function to call at its end. */
  enter(): () => void {
    const handshake = {};
    this.#handshakes.add(handshake);
    return () => this.#handshakes.delete(handshake);
  }

  /**
   * Has the library look for tokens anew, where it is to: many find one that was put
   * in, reset or made anew only when they are initialized.
   *
   * @param token whose trouble it is
   * @param name that of the error
   * @returns whether there is hope in trying again
   */
  renew(token: Token, name: string): boolean {
    if (FORGOTTEN.test(name)) return true;
    const known = this.#user?.deref();
    const spared = this.#hasSeveral || (known !== undefined && known !== token);
    const now = systemClock.elapsed();
    if (spared && now - this.#renewedMs < RENEWALS_APART_MS) return false;
    if (this.#life === "others" || this.#handshakes.size > 0) return false;
    this.#renewedMs = now;
    this.#user = undefined;
    this.#hasSeveral = false;
    this.generation++;
    this.#life?.close();
    this.#life = undefined;
    try {
      this.#begin();
      return true;
    } catch {
      return false;
    }
  }

  #begin(): void {
    const { STRICT } = this.#native.Pkcs11Lib.InitializeFinalizeBehavior;
    try {
      this.#life = new this.#native.Pkcs11Lib(this.#path, STRICT);
    } catch (error) {
      if (!errorName(error).endsWith("CRYPTOKI_ALREADY_INITIALIZED")) throw error;
      this.#life = "others";
    }
  }
}
