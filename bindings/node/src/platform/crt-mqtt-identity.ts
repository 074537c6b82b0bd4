import { contextFor, type Found, forgetToken } from "./crt-tls.js";
import { isOfToken } from "./crt-token.js";
import type { TlsMaterial } from "./types.js";

/** Who a line of clients is, and how that is found. */
export interface Identified {
  /** What the files hold now. Throws where they cannot be used. */
  material: () => TlsMaterial;
  alpn: string | undefined;
  /** Tells the user of something that no event of the client's can. */
  warn: (message: string) => void;
}

/** What the client of now shows to the broker, and whether there is something newer. */
export class MqttIdentity {
  readonly #user: Identified;
  #found: Found;
  #material: TlsMaterial;
  #leave: (() => void) | undefined;

  constructor(user: Identified, material: TlsMaterial, found: Found) {
    this.#user = user;
    this.#material = material;
    this.#found = found;
  }

  get found(): Found {
    return this.#found;
  }

  /** The context of now where it is another one than the client's. */
  changed(isPinned: boolean): Found | undefined {
    try {
      const material = this.#user.material();
      const found = contextFor(material, this.#user.alpn);
      if ("problem" in found || found.context === this.#found.context) return undefined;
      if (!isPinned) {
        this.#material = material;
        return found;
      }
      this.#found = found; // to say it once
      const why = "native code of another client of the SDK's has this one";
      this.#user.warn(`an MQTT client does not use new certificates or keys: ${why}`);
    } catch {
      // the files are being replaced, or are not there: the next attempt looks again
    }
    return undefined;
  }

  /** There is a client that has this. */
  take(found: Found): void {
    this.leave();
    this.#found = found;
  }

  /** A handshake begins: nobody is to end the token's library meanwhile. */
  enter(): void {
    this.#leave ??= this.#found.library?.enter();
  }

  /** The handshake has ended. */
  leave(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  /** A handshake failed, by the error of this name: perhaps the token was lost. */
  failed(name: string): void {
    this.leave();
    const { library } = this.#found;
    if (library === undefined || !isOfToken(name)) return;
    forgetToken(this.#material, library, name);
  }
}
