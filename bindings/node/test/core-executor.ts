// The core executor: makes the calls that it reads, one a line, on the
// module as the package runs it. docs/reference/conformance.md has the protocol.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as abi from "../src/library/abi-generated.js";
import { Runtime } from "../src/library/runtime.js";

const runtime = new Runtime(readFileSync(new URL("./evercreds.wasm", import.meta.url)));

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** Makes one call, and gives its result with the decision or the text that it brought. */
function call(name: string, words: string[]): string {
  const args: number[] = [];
  let brings = "";
  for (const word of words) {
    const [kind = "", value = ""] = word.split(":");
    if (kind === "h") {
      const bits = BigInt(value);
      args.push(Number(bits & 0xffffffffn), Number(bits >> 32n));
    } else if (kind === "b" || kind === "w") {
      brings = kind;
      args.push(runtime.run(undefined, () => runtime.write(unhex(value))));
    } else if (kind === "o") {
      brings = kind;
    } else {
      args.push(Number(word.replace("NaN", "nan")));
    }
  }
  const result = runtime.run(undefined, (exports) => {
    const exported = exports as unknown as Record<string, (...given: number[]) => number>;
    return exported[`evercreds_${name}`]?.(...args) ?? NaN;
  });
  if (result < 0 || brings === "" || brings === "b") return String(result);
  const brought =
    brings === "o"
      ? Array.from(runtime.slots().slice(0, abi.SLOT_COUNT), String).join(" ")
      : Buffer.from(runtime.read(result)).toString("hex");
  return `${result} ${brought}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name = "", ...words] = line.split(" ");
  process.stdout.write(`${call(name, words)}\n`);
}
