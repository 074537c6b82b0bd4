// One CommonJS file by Vercel's ncc, as GitHub actions are shipped.
// framework: @vercel/ncc
// environment: bundlers
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import ncc from "@vercel/ncc";
import { alone } from "./alone.mjs";

const { code, assets } = await ncc(path.resolve("app.mjs"), { quiet: true });
mkdirSync("out");
// a program of ESM gives a bundle of ESM
writeFileSync("out/index.mjs", code);
for (const [name, { source }] of Object.entries(assets)) {
  mkdirSync(path.dirname(path.join("out", name)), { recursive: true });
  writeFileSync(path.join("out", name), source);
}
alone("out", "index.mjs");
