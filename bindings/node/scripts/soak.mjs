// Builds test/soak into a program of one file, outside of the package, and runs it
// with what it needs: node scripts/soak.mjs [--days N] [--seed N] [--leak]
// With --leak it keeps all that should be forgotten, and must notice.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const products = path.join(root, "../../build");
const home = mkdtempSync(path.join(tmpdir(), "evercreds-soak-"));
try {
  const program = path.join(home, "soak.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/soak/main.ts"],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external", // none of them is loaded
    logLevel: "warning",
    tsconfig: "tsconfig.json", // whose #platform is the sources' own
  });
  const { status, signal } = spawnSync(
    process.execPath,
    ["--expose-gc", program, ...process.argv.slice(2)],
    {
      stdio: "inherit",
      env: {
        EVERCREDS_WASM: path.join(products, "evercreds.wasm"),
        EVERCREDS_PANIC_WASM: path.join(products, "evercreds_panic.wasm"),
        ...process.env,
      },
    },
  );
  if (signal !== null) console.error(`the program was ended by ${signal}`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(home, { recursive: true });
}
