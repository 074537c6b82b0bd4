import { type Given, wrong } from "../common/check.js";

/** PEM text, as a string or bytes, or the path of a file that holds it. */
export type Pem = string | Uint8Array;

/** Checked for its form alone: a file is read when its text is needed. */
export type PemSource = { path: string } | { text: Uint8Array };

/** An option that is PEM; undefined where it was not given. */
export function pemSource(options: Given, name: string): PemSource | undefined {
  const given = options[name];
  if (given === undefined) return undefined;
  // a copy: the caller's bytes are the caller's
  if (given instanceof Uint8Array && given.length > 0) return { text: Uint8Array.from(given) };
  if (typeof given === "string" && given !== "") {
    return given.includes("-----BEGIN ")
      ? { text: new TextEncoder().encode(given) }
      : { path: given };
  }
  throw wrong(name, "must be PEM text, as a string or bytes, or the path of a file", given);
}
