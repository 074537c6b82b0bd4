import { EvercredsError, EvercredsValidationError, Kind } from "../errors.js";
import { type Given, isRecord } from "../common/check.js";
import type { Platform, Token } from "../platform/types.js";

/** Where a private key is in hardware, and what opens it. */
export interface Pkcs11Options {
  /** The path of the PKCS#11 library. */
  pkcs11Lib: string;
  /** The PIN of the token's user. Default: none is needed. */
  userPin?: string | undefined;
  /** The number of the slot that the token is in. Default: any. */
  slotId?: number | undefined;
  /** The token's label. Default: any, if there is but one. */
  tokenLabel?: string | undefined;
  /** The label of the private key in it. Default: any, if there is but one. */
  privateKeyLabel?: string | undefined;
}

const LARGEST_SLOT = 2 ** 32 - 1; // what an unsigned long holds everywhere

const isText = (value: unknown) =>
  typeof value === "string" && value !== "" && !value.includes("\0");
const TEXT = [isText, "must be a non-empty string"] as const;
const CHECKS = {
  pkcs11Lib: [isText, "must be the path of the PKCS#11 library"],
  userPin: TEXT,
  slotId: [
    (value: unknown) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_SLOT,
    "must be a whole number from 0",
  ],
  tokenLabel: TEXT,
  privateKeyLabel: TEXT,
} as const;

/** Whether an option names a token: an empty object does not. */
export function isToken(given: unknown): boolean {
  return given !== undefined && !(isRecord(given) && Object.keys(given).length === 0);
}

/** Checks the option `pkcs11`; it is neither written to nor kept. */
export function readToken(given: unknown, platform: Platform): Token {
  if (!isRecord(given)) throw refused("pkcs11", "must be an object", given);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(CHECKS, name)) continue;
    const known = Object.keys(CHECKS).join(", ");
    // what is no name may be the PIN
    const shown = /^[a-z]\w*$/i.test(name) ? name : "another";
    throw refused("pkcs11", `can have ${known}; ${shown} is not known`, given);
  }
  for (const [name, [fits, words]] of Object.entries(CHECKS)) {
    const value = given[name];
    if (value === undefined && name !== "pkcs11Lib") continue;
    if (!fits(value)) throw refused(`pkcs11.${name}`, words, value);
  }
  const { pkcs11Lib, ...place } = given as Given & { pkcs11Lib: string };
  const library = platform.realFile(pkcs11Lib);
  if (library === undefined) {
    throw refused("pkcs11.pkcs11Lib", "must be the path of an existing file", pkcs11Lib);
  }
  requireCrt(platform, "pkcs11");
  const { userPin, slotId, tokenLabel, privateKeyLabel } = place as Partial<Token>;
  return { library, userPin, slotId, tokenLabel, privateKeyLabel };
}

/** Says what to do where the optional peer cannot be used. */
export function requireCrt(platform: Platform, what: "pkcs11" | "mqtt()"): void {
  const problem = platform.crtProblem();
  if (problem === undefined) return;
  throw new EvercredsError("configuration", `${what} ${problem}`, {
    class: "permanent",
    ...(what === "pkcs11" && { parameter: what }),
  });
}

/** What was given may be the PIN, whatever its type and its place. */
function refused(parameter: string, words: string, given: unknown): EvercredsValidationError {
  const kind = typeof given === "number" ? new Kind("a number") : given;
  return new EvercredsValidationError(parameter, `${parameter} ${words}`, kind);
}
