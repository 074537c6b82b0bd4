const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23; // in TLS 1.3 all that is encrypted

/** An alert that is encrypted by TLS 1.3; no message of a handshake is as short. */
const ALERT_BYTES = 19;

/** Where a ServerHello holds the length of its session's id: RFC 5246, 7.4.1.3. */
const SESSION_AT = 43;
const LONGEST_ID = 32;

/**
 * Follows a handshake of TLS from between its ends, by no more than the heads of records.
 * It tells which bytes of the server's the client still needs for it. What comes after
 * them may end the connection.
 */
export class Handshake {
  /** The client has all that it needs. */
  done = false;
  /** Nothing of the server's may pass any more. */
  held = false;
  readonly #client = new Records();
  readonly #server = new Records();
  #first = Buffer.alloc(0);
  #encrypts = false;

  fromClient(chunk: Buffer): void {
    this.#client.walk(chunk, (type) => {
      // By TLS 1.3 its Finished, after the server's; by TLS 1.2 the request itself. A second
      // ClientHello is none of it.
      if (type === APPLICATION_DATA) this.done = this.held = true;
      return true;
    });
  }

  /** How many bytes of the chunk the client needs. */
  fromServer(chunk: Buffer): number {
    if (this.held) return 0;
    if (this.#first.length <= SESSION_AT + LONGEST_ID + 1) {
      this.#first = Buffer.concat([this.#first, chunk]);
    }
    return this.#server.walk(chunk, (type, length) => {
      this.held = !(this.#isTls13() ? isNeeded(type, length) : this.#isNeeded12(type));
      return !this.held;
    });
  }

  /** By the cipher suite, which a HelloRetryRequest has in the same place. */
  #isTls13(): boolean {
    return this.#first[SESSION_AT + 1 + (this.#first[SESSION_AT] ?? 0)] === 0x13;
  }

  /** By TLS 1.2 the server's Finished is the last, and the first that is encrypted. */
  #isNeeded12(type: number): boolean {
    if (this.done) return false;
    this.done = this.#encrypts && type === HANDSHAKE;
    if (type === CHANGE_CIPHER_SPEC) this.#encrypts = true;
    return true;
  }
}

function isNeeded(type: number, length: number): boolean {
  return type !== APPLICATION_DATA || length > ALERT_BYTES;
}

/** Walks over records, whose bytes come in chunks of any size: RFC 8446, 5.1. */
class Records {
  readonly #head = Buffer.alloc(5);
  #filled = 0;
  #left = 0;

  /** Gives the bytes before the first body that is not wanted. */
  walk(chunk: Buffer, isWanted: (type: number, length: number) => boolean): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        at += step;
        this.#left -= step;
        continue;
      }
      this.#head[this.#filled++] = chunk.readUInt8(at++);
      if (this.#filled < this.#head.length) continue;
      this.#filled = 0;
      this.#left = this.#head.readUInt16BE(3);
      if (!isWanted(this.#head.readUInt8(0), this.#left)) return at;
    }
    return at;
  }
}
