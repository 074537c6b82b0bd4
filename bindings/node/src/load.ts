import { platform } from "#platform";
import { EvercredsError } from "./errors.js";

/** What a WebAssembly module can be given as. */
export type ModuleSource = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** Compiles, unless that was done already. */
export function toModule(source: ModuleSource): WebAssembly.Module {
  return source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
}

/**
 * Reads `evercreds.wasm`, which lies next to this package's code. Where there is
 * no file system, the module must have been given to `initialize`.
 */
export function readModule(): WebAssembly.Module {
  if (platform === undefined) {
    throw new EvercredsError(
      "configuration",
      "evercreds.wasm cannot be read from a file here; " +
        "call initialize(module) before the first session",
      { class: "permanent" },
    );
  }
  return toModule(platform.readFile(new URL("./evercreds.wasm", import.meta.url)));
}
