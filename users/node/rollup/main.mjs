// A bundle for Node by Rollup, with the plug-ins that resolve packages and read CommonJS.
// framework: rollup
// environment: bundlers
import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import resolve from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import { alone } from "./alone.mjs";

const bundle = await rollup({
  input: "app.mjs",
  plugins: [resolve({ preferBuiltins: true, exportConditions: ["node"] }), commonjs(), json()],
  onwarn(warning) {
    if (JSON.stringify(warning.ids ?? warning.id ?? "").includes("evercreds/"))
      throw new Error(warning.message);
  },
});
await bundle.write({ dir: "out", format: "es", entryFileNames: "index.mjs" });
await bundle.close();
alone("out", "index.mjs");
