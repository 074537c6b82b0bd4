import { platform } from "#platform";
import { nameOf } from "../common/guard.js";
import { EvercredsError, EvercredsValidationError } from "../errors.js";

/**
 * What the module can be given as: a compiled `WebAssembly.Module`, or its bytes, in
 * an `ArrayBuffer` or a view of one. An object to the compiler, as programs in Node
 * have no types of WebAssembly, and the browser's take any object for a module.
 */
export type ModuleSource = object;

/**
 * Compiles, unless that was done already.
 *
 * @throws EvercredsValidationError for what is neither a module nor bytes
 */
export function toModule(source: ModuleSource): WebAssembly.Module {
  if (isCompiled(source)) return source;
  if (ArrayBuffer.isView(source) || kindOf(source) === "ArrayBuffer") {
    return compile(source);
  }
  const words = "module must be a compiled WebAssembly.Module, or its bytes";
  throw new EvercredsValidationError("module", words, source);
}

function compile(bytes: BufferSource): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    // the bytes of something else, or an engine that compiles none: edge runtimes do not
    const words =
      `the wasm module cannot be compiled here (${nameOf(cause)}); ` +
      "give initialize the compiled module, made of the file evercreds/evercreds.wasm";
    throw new EvercredsError("configuration", words, { class: "permanent", cause });
  }
}

/** By its tag: the runtime may have compiled it in another realm than ours. */
function isCompiled(source: unknown): source is WebAssembly.Module {
  return source instanceof WebAssembly.Module || kindOf(source) === "WebAssembly.Module";
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** Where the module's file is not at hand. */
function missing(where: string, cause?: unknown): EvercredsError {
  return new EvercredsError(
    "configuration",
    `evercreds.wasm cannot be read ${where}; ` +
      "call initialize({ module }) with it before the first session",
    { class: "permanent", cause },
  );
}

/**
 * Reads `evercreds.wasm`, which lies next to this package's code. Where there is
 * no file system, the module must have been given to `initialize`.
 */
export function readModule(): WebAssembly.Module {
  if (platform === undefined) throw missing("from a file here");
  // a bundle has no such file beside it, and one for CommonJS no import.meta either
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = platform.readFile(new URL("./evercreds.wasm", import.meta.url));
  } catch (cause) {
    throw missing("beside the code of evercreds", cause);
  }
  return toModule(bytes);
}
