import type { AwsCredentials } from "./source.js";

/** Two halves of a 64-bit number, as the module takes it. */
export interface Hash {
  low: number;
  high: number;
}

/** What a set is known by to the machine: 8 bytes of SHA-256 over key and token. */
export async function fingerprint(
  set: Pick<AwsCredentials, "accessKeyId" | "sessionToken">,
): Promise<Hash> {
  const text = new TextEncoder().encode(`${set.accessKeyId}\0${set.sessionToken}`);
  const digest = new DataView(await crypto.subtle.digest("SHA-256", text));
  text.fill(0);
  return { high: digest.getInt32(0), low: digest.getInt32(4) };
}

/** A fresh seed for the machine's own PRNG. */
export function freshSeed(): Hash {
  const words = crypto.getRandomValues(new Int32Array(2));
  return { low: words[0] ?? 0, high: words[1] ?? 0 };
}
