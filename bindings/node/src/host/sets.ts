import { fingerprint, type Hash } from "../library/fingerprint.js";
import type { AwsCredentials, Reply } from "../sources/source.js";
import { Recent } from "./recent.js";

/** What a set is told apart from others by. */
export type Identified = Pick<AwsCredentials, "accessKeyId" | "sessionToken">;

/** A set that is held: the secrets, and what the machine knows it by. */
export interface HeldSet {
  readonly credentials: Reply["credentials"];
  readonly hash: Hash;
  /** When it expires, as its source wrote it; NEVER: not at all. */
  readonly expiryMs: number;
  /** What callers get of it, once one has. */
  handedOut?: { readonly expiry: number; readonly promise: Promise<AwsCredentials> };
}

/** Makes of a source's credentials what a host holds. */
export function toHold({
  credentials,
  expiryMs,
}: Pick<Reply, "credentials" | "expiryMs">): HeldSet {
  return { credentials, hash: fingerprint(credentials), expiryMs };
}

/** Sets whose refusal is a matter of this session: those that it handed out of late. */
const SETS_KNOWN = 32;

/** The sets of one session, by the tickets that brought them: the machine has no secrets. */
export class Sets {
  readonly #sets = new Map<number, HeldSet>();
  readonly #known = new Recent<string, true>(SETS_KNOWN);

  /** The set that a ticket brought. */
  get(ticket: number): HeldSet | undefined {
    return this.#sets.get(ticket);
  }

  /** Keeps what a ticket brought, until the machine has decided on it. */
  store(ticket: number, set: HeldSet): void {
    this.#sets.set(ticket, set);
    this.#known.set(keyOf(set.hash), true);
  }

  /** Lets go of all sets but one: secrets are held no longer than they can be served. */
  forgetBut(held: number): void {
    for (const ticket of this.#sets.keys()) if (ticket !== held) this.#sets.delete(ticket);
  }

  /** Whether a set is one that this session handed out. */
  knows(set: Identified): boolean {
    return this.#known.has(keyOf(fingerprint(set)));
  }
}

function keyOf({ low, high }: Hash): string {
  return `${low} ${high}`;
}
