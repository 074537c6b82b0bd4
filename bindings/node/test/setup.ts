import { readFileSync } from "node:fs";
import { initialize } from "../src/index.js";
import { wasmFile } from "./support/wasm.js";

// the tests run on the sources, which have no module beside them
initialize({ module: Uint8Array.from(readFileSync(wasmFile)) });
