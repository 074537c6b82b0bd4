import { EvercredsError } from "./errors.js";

/** What a WebAssembly module can be given as. */
export type ModuleSource = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** Compiles, unless that was done already. */
export function toModule(source: ModuleSource): WebAssembly.Module {
  return source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
}

/**
 * Reads `evercreds.wasm`, which lies next to this package's code. Node's file
 * system is not imported but asked for, so that the same file loads where there
 * is none; there the module must have been given to `initialize`.
 */
export function readModule(): WebAssembly.Module {
  const builtin = (globalThis as { process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;
  if (builtin === undefined) {
    throw new EvercredsError(
      "configuration",
      "evercreds.wasm can be read from its file by Node from 20.16 on; " +
        "elsewhere, call initialize(module) before the first session",
      { class: "permanent" },
    );
  }
  return toModule(
    Uint8Array.from(builtin("node:fs").readFileSync(new URL("./evercreds.wasm", import.meta.url))),
  );
}
