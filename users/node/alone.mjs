// Runs a bundle where nothing else is: what is not in it is missing.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Runs `node entry` in a copy of the folder, far from all node_modules. */
export function alone(folder, entry) {
  const home = mkdtempSync(path.join(tmpdir(), "evercreds users "));
  try {
    cpSync(folder, home, { recursive: true });
    const { status } = spawnSync(process.execPath, [entry], { cwd: home, stdio: "inherit" });
    if (status !== 0) throw new Error(`the bundle ended with ${status}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
