// The conformance host of this package: reads a scenario on standard input, or
// with --batch many, and prints what the machine answers. See docs/conformance.md.
import { readFileSync } from "node:fs";
import { Runtime } from "../runtime.js";
import { BadLine } from "./args.js";
import { Replayer } from "./replayer.js";

/** The line behind each scenario of a batch, as behind its answers. */
const END = /^===\n/m;

const text = readFileSync(0, "utf8");
const runtime = new Runtime();
try {
  if (process.argv[2] === "--batch") {
    for (const scenario of text.split(END).slice(0, -1)) {
      process.stdout.write(`${new Replayer(runtime).replay(scenario)}===\n`);
    }
  } else {
    process.stdout.write(new Replayer(runtime).replay(text));
  }
} catch (error) {
  if (!(error instanceof BadLine)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
