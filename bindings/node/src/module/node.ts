import { brotliDecompressSync } from "node:zlib";
// build.mjs makes it of the module's file
import text from "evercreds:module-as-text";

/**
 * Node, Bun and Deno: the module is a part of the code. A file beside it would stay
 * behind when the code goes into a bundle.
 */
export const theModule = (): object | undefined =>
  Uint8Array.from(brotliDecompressSync(Buffer.from(text, "base64")));
