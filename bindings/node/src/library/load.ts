import { theModule } from "#module";
import { nameOf, peek } from "../common/guard.js";
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
  if (!("WebAssembly" in globalThis)) {
    const words = "this runtime has no WebAssembly, as Node has none with --jitless";
    throw new EvercredsError("configuration", words, { class: "permanent" });
  }
  return source instanceof WebAssembly.Module || kindOf(source) === "WebAssembly.Module";
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/**
 * The module that comes with this package's code, in Node and on edge runtimes. In
 * others it must have been given to `initialize`.
 */
export function readModule(): WebAssembly.Module {
  const found = theModule();
  // a bundler may know the file and make something else of it, such as its URL
  if (found !== undefined && (isCompiled(found) || ArrayBuffer.isView(found))) {
    return toModule(found);
  }
  const isNode = typeof peek(peek(peek(globalThis, "process"), "versions"), "node") === "string";
  throw new EvercredsError("configuration", isNode ? NOT_FOR_NODE : NO_MODULE, {
    class: "permanent",
  });
}

const NO_MODULE =
  "this runtime has no evercreds.wasm of its own; before the first session call " +
  'initialize({ module }) with "evercreds/evercreds.wasm", compiled or as bytes: ' +
  "in a page, module: await WebAssembly.compileStreaming(fetch(its URL))";

/** What tools do by default that are made for pages. */
const NOT_FOR_NODE =
  "this code was bundled or loaded as for a page, and runs in Node; have the tool choose files of " +
  'packages by the condition "node": esbuild --platform=node; webpack target: "node"; Rollup, ' +
  'node-resolve with exportConditions: ["node"]';
