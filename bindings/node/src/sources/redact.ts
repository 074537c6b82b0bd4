import { peek, quietly } from "../common/guard.js";
import { dropBody } from "../common/http.js";

/** Shorter texts would take words apart. */
const SHORTEST = 6;

/** How deep an error's own parts are looked at. */
const DEPTH = 5;

/** The texts of one call that must not hang on its error. */
export class Secrets {
  readonly #texts = new Set<string>();

  /** Adds a text as it is, and as it stands in a form; what is no text is passed over. */
  add(...texts: unknown[]): void {
    for (const text of texts) {
      if (typeof text !== "string" || text.length < SHORTEST) continue;
      this.#texts.add(text).add(encodeURIComponent(text));
    }
  }

  /** Adds the token that a request was signed with. */
  addSigner(request: unknown): void {
    this.add(peek(peek(request, "headers"), "x-amz-security-token"));
  }

  /**
   * Takes them out of an error of the SDK's, with all that leads to the request.
   * Services do echo what they were sent: STS answers
   * SignatureDoesNotMatch with the canonical request, the session token included.
   */
  takeOutOf(error: unknown): void {
    this.#clean(error, DEPTH);
  }

  #clean(value: unknown, depth: number): void {
    if (typeof value !== "object" || value === null || depth === 0) return;
    quietly(() => {
      dropBody(peek(value, "$response"));
      for (const name of Reflect.ownKeys(value)) {
        const part = peek(value, name);
        if (typeof part !== "string") this.#clean(part, depth - 1);
        else if (this.#redacted(part) !== part) Reflect.set(value, name, this.#redacted(part));
      }
    });
  }

  #redacted(text: string): string {
    let clean = text;
    for (const secret of this.#texts) clean = clean.replaceAll(secret, "[redacted]");
    return clean;
  }
}
