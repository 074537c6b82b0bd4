import { sha256 } from "../common/sha256.js";
import type { AwsCredentials } from "../sources/source.js";

/** Two halves of a 64-bit number, as the module takes it. */
export interface Hash {
  low: number;
  high: number;
}

/** What a set is known by to the machine: 8 bytes of SHA-256 over key and token. */
export function fingerprint(set: Pick<AwsCredentials, "accessKeyId" | "sessionToken">): Hash {
  const text = new TextEncoder().encode(`${set.accessKeyId}\0${set.sessionToken}`);
  const [high = 0, low = 0] = sha256(text);
  text.fill(0);
  return { high, low };
}

/** A fingerprint in 16 hex digits, as stores have it. */
export function hexOf({ low, high }: Hash): string {
  const half = (part: number) => (part >>> 0).toString(16).padStart(8, "0");
  return `${half(high)}${half(low)}`;
}

/** A fresh seed for the machine's own PRNG. */
export function freshSeed(): Hash {
  const words = crypto.getRandomValues(new Int32Array(2));
  return { low: words[0] ?? 0, high: words[1] ?? 0 };
}
