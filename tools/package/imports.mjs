// Prints what a WebAssembly module imports, one a line and sorted, as the goldens of
// internal/wasm have it: node imports.mjs FILE
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = WebAssembly.Module.imports(module);
const lines = imports.map(({ kind, module: from, name }) => {
  return `${kind === "function" ? "func" : kind} ${from} ${name}`;
});
for (const line of lines.sort()) console.log(line);
