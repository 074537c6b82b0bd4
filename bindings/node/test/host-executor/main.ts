// The host executor (docs/reference/host.md): reads one event a line, and writes what
// came of it, and then an empty line.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Runtime } from "../../src/library/runtime.js";
import { Scene } from "./scene.js";

const runtime = new Runtime(readFileSync(new URL("./evercreds.wasm", import.meta.url)));
let scene: Scene | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [verb = "", ...words] = line.split(" ");
  if (verb === "open") {
    scene?.end();
    scene = new Scene(runtime);
  }
  await scene?.play(verb, words);
  process.stdout.write([...(scene?.take() ?? []), "", ""].join("\n"));
}
process.exit(0); // whoever still waits, waits for nothing
