import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Runtime } from "../../src/library/runtime.js";

const built = (name: string) =>
  fileURLToPath(new URL(`../../../../build/${name}`, import.meta.url));

/** The module under test. */
export const wasmFile = process.env["EVERCREDS_WASM"] ?? built("evercreds.wasm");

/** The module that panics on purpose; undefined: not built here. */
export const panicFile = [
  process.env["EVERCREDS_PANIC_WASM"] ?? built("evercreds_panic.wasm"),
].find((file) => existsSync(file));

const compiled = new Map<string, WebAssembly.Module>();

/** A runtime of its own for one test; modules are compiled once. */
export function freshRuntime(file: string = wasmFile): Runtime {
  let module = compiled.get(file);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(file));
    compiled.set(file, module);
  }
  return new Runtime(module);
}
