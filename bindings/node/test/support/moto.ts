import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LATE_MS } from "./patience.js";
import { freePort } from "./ports.js";

const built = fileURLToPath(new URL("../../../../build/venv/bin/python", import.meta.url));

const serial = fileURLToPath(new URL("../../../../internal/motoserver/serial.py", import.meta.url));

/** A Python that has moto; undefined: there is none here. */
export const motoPython = [built, "python3"].find((python) => {
  if (python === built && !existsSync(built)) return false;
  try {
    execFileSync(python, ["-c", "import moto.server"], { stdio: "ignore", timeout: LATE_MS });
    return true;
  } catch {
    return false;
  }
});

/** moto's server: an STS and S3 that others wrote. */
export class Moto {
  private constructor(
    readonly endpoint: string,
    readonly process: ChildProcess,
  ) {}

  static async start(python: string): Promise<Moto> {
    const port = await freePort();
    const child = spawn(python, [serial, String(port)], { stdio: "ignore" });
    const endpoint = `http://127.0.0.1:${port}`;
    for (const end = Date.now() + LATE_MS; ;) {
      if (
        await fetch(`${endpoint}/moto-api/`).then(
          (reply) => reply.ok,
          () => false,
        )
      )
        break;
      if (Date.now() > end || child.exitCode !== null) throw new Error("moto did not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return new Moto(endpoint, child);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill();
    await gone;
  }
}
