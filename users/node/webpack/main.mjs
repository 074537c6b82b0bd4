// A bundle for Node by webpack in production mode, without a rule for .wasm.
// framework: webpack
// environment: bundlers
import path from "node:path";
import webpack from "webpack";
import { alone } from "./alone.mjs";

const compiler = webpack({
  entry: "./app.mjs",
  mode: "production",
  target: "node20",
  output: { path: path.resolve("out"), filename: "index.cjs" },
});
const stats = await new Promise((resolve, reject) => {
  compiler.run((error, result) => (error ? reject(error) : resolve(result)));
});
const problems = stats.toJson({ all: false, errors: true, warnings: true });
const mine = [...problems.errors, ...problems.warnings].filter((one) =>
  JSON.stringify(one).includes("evercreds"),
);
if (stats.hasErrors() || mine.length > 0) throw new Error(JSON.stringify(problems));
alone("out", "index.cjs");
