import { createHmac, randomBytes } from "node:crypto";
import { shared } from "../common/shared.js";
import type { TlsProblem, Token } from "./types.js";

/** What a token says of a PIN, or of none. */
const PIN_REFUSED = /PIN_(?:INCORRECT|INVALID|LEN_RANGE|LOCKED|EXPIRED|NOT_INITIALIZED)$/;

/** What a token wants that has no pad of its own to ask on. */
const NO_PIN = "CKR_ARGUMENTS_BAD";

const OF_TOKEN = /^AWS_(?:IO_|ERROR_)?PKCS11_/;

/** A PIN, as a hash, and the token that refused it. */
interface Refusal {
  readonly library: string;
  readonly slotId: number | undefined;
  readonly tokenLabel: string | undefined;
  readonly hash: string;
  /** What the token said. */
  readonly name: string;
}

interface Memory {
  readonly salt: Buffer;
  readonly refusals: Refusal[];
}

function memory(): Memory {
  return shared("refused pins 1", () => ({ salt: randomBytes(32), refusals: [] }));
}

function hashOf({ userPin }: Token): string {
  // no PIN is one too: that which is typed on the token's own pad
  const text = userPin === undefined ? "none" : `given ${userPin}`;
  return createHmac("sha256", memory().salt).update(text).digest("hex");
}

/**
 * What the token said to this PIN before, in whichever session; undefined: nothing. A
 * token locks itself for good after a few wrong ones, so that it is not shown one again.
 */
export function refusedBefore(token: Token): string | undefined {
  const hash = hashOf(token);
  return memory().refusals.find((known) => known.hash === hash && mayBeOne(known, token))?.name;
}

/** The runtime does not tell which token it chose: a label and a slot may be of one. */
function mayBeOne(known: Refusal, { library, slotId, tokenLabel }: Token): boolean {
  const differ = (one: unknown, other: unknown) =>
    one !== undefined && other !== undefined && one !== other;
  return (
    known.library === library &&
    !differ(known.slotId, slotId) &&
    !differ(known.tokenLabel, tokenLabel)
  );
}

/** Keeps it in mind where an error says that the token refused the PIN. */
export function rememberIfRefused(token: Token, name: string): void {
  const { library, slotId, tokenLabel, userPin } = token;
  if (!PIN_REFUSED.test(name) && !(userPin === undefined && name.endsWith(NO_PIN))) return;
  memory().refusals.push({ library, slotId, tokenLabel, hash: hashOf(token), name });
}

/** Whether an error is the token's. */
export function isOfToken(name: string): boolean {
  return OF_TOKEN.test(name);
}

/** Why a token cannot be used, by the name of the runtime's error. */
export function tokenProblem(token: Token, name: string): TlsProblem {
  const { userPin } = token;
  const which = describe(token);
  if (userPin === undefined && name.endsWith(NO_PIN)) {
    const problem = `pkcs11.userPin must be given: ${which} takes no login without one (${name})`;
    return { parameter: "pkcs11.userPin", problem, permanent: true };
  }
  if (PIN_REFUSED.test(name)) {
    const problem =
      `pkcs11.userPin: ${which} refused the PIN (${name}); ` +
      "this process does not show it that one again, but another";
    return { parameter: "pkcs11.userPin", problem, permanent: true };
  }
  // who takes a token out may put it in again
  const permanent = false;
  if (name.endsWith("TOKEN_NOT_FOUND")) {
    const words = "is not there, or is more than one: check tokenLabel and slotId, or give both";
    return { parameter: "pkcs11", problem: `pkcs11: ${which} ${words} (${name})`, permanent };
  }
  if (name.endsWith("PKCS11_KEY_NOT_FOUND")) {
    const problem = `pkcs11.privateKeyLabel must name one private key in ${which} (${name})`;
    return { parameter: "pkcs11.privateKeyLabel", problem, permanent };
  }
  const problem = `pkcs11: ${which} does not let the certificate's key be used (${name})`;
  return { parameter: "pkcs11", problem, permanent };
}

function describe({ tokenLabel, slotId }: Token): string {
  const label = tokenLabel === undefined ? "" : ` ${JSON.stringify(tokenLabel)}`;
  return `the token${label}${slotId === undefined ? "" : ` in slot ${slotId}`}`;
}
