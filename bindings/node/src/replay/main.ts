// The conformance host of this package: reads a scenario on standard input and
// prints what the machine answers. See docs/conformance.md.
import { readFileSync } from "node:fs";
import { Runtime } from "../runtime.js";
import { BadLine } from "./args.js";
import { Replayer } from "./replayer.js";

try {
  process.stdout.write(new Replayer(new Runtime()).replay(readFileSync(0, "utf8")));
} catch (error) {
  if (!(error instanceof BadLine)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
