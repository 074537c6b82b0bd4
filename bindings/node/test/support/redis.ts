import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { LATE_MS } from "./patience.js";
import { freePort } from "./ports.js";

/** Whether Debian's redis-server is there. */
export const hasRedis = (() => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore", timeout: LATE_MS });
    return true;
  } catch {
    return false;
  }
})();

/** A redis-server of a test's own, which keeps nothing on a disk. */
export class RedisServer {
  private constructor(
    readonly port: number,
    readonly process: ChildProcess,
  ) {}

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const args = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
    ];
    const child = spawn("redis-server", args, { stdio: "ignore" });
    for (const end = Date.now() + LATE_MS; ;) {
      if (await answers(port)) return new RedisServer(port, child);
      if (Date.now() > end || child.exitCode !== null) throw new Error("redis did not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await gone;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
