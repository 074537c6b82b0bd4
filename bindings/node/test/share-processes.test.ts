import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { built } from "./support/package.js";
import { until } from "./support/patience.js";
import { hasRedis, RedisServer } from "./support/redis.js";

const program = fileURLToPath(new URL("programs/share.mjs", import.meta.url));

/** What a process has told. */
interface Told {
  readonly accessKeyId: string;
  readonly steps: string[];
  readonly share: string;
}

/** The source that all processes ask: it numbers its calls, and answers when it may. */
let source: http.Server;
let waiting: (() => void)[];
let calls: number;
/** Answers are held back. */
let isHeld: boolean;
let directory: string;
let children: ChildProcess[];

beforeAll(async () => {
  source = http.createServer((_request, reply) => {
    const n = ++calls;
    const answer = () => {
      const expiration = new Date(Date.now() + 3_600_000);
      const set = { accessKeyId: `ASIA${n}`, secretAccessKey: `secret-${n}`, expiration };
      reply.end(JSON.stringify({ ...set, sessionToken: `token-${n}` }));
    };
    if (isHeld) waiting.push(answer);
    else answer();
  });
  await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  source.closeAllConnections();
  source.close();
});
beforeEach(() => {
  [waiting, calls, isHeld, children] = [[], 0, false, []];
  directory = mkdtempSync(path.join(tmpdir(), "evercreds-processes-"));
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** Starts a process that shares. */
function start(settings: object = { directory }) {
  const { port } = source.address() as AddressInfo;
  const text = JSON.stringify({ ...settings, source: `http://127.0.0.1:${port}` });
  const child = spawn(process.execPath, [program, built, text], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let [output, complaints] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const told = new Promise<Told>((resolve, reject) => {
    child.once("exit", (code) => {
      if (code === 0 && complaints === "") resolve(JSON.parse(output) as Told);
      else reject(new Error(`${String(code)}: ${complaints}`));
    });
  });
  told.catch(() => undefined); // who is killed tells nothing
  return { child, told };
}

describe("by a directory", () => {
  it("five processes begin together; one asks the source; all have its set", async () => {
    const told = await Promise.all(Array.from({ length: 5 }, () => start().told));
    expect(told.map(({ accessKeyId }) => accessKeyId)).toEqual(Array(5).fill("ASIA1"));
    expect(calls).toBe(1);
    expect(told.filter(({ steps }) => steps.includes("led"))).toHaveLength(1);
  });

  it("A leads and is killed by -9; B, who follows, takes over long before the turn ends", async () => {
    isHeld = true;
    const a = start();
    await until(() => calls === 1);
    const b = start();
    await until(() => readdirSync(directory).some((name) => name.endsWith(".turn")));
    a.child.kill("SIGKILL");
    await until(() => calls === 2); // the turn is of 30 s; this waits for at most a minute
    isHeld = false;
    for (const answer of waiting) answer();
    const { accessKeyId, steps } = await b.told;
    expect(accessKeyId).toBe("ASIA2");
    expect(steps).toContain("took-over");
    expect((await start().told).accessKeyId).toBe("ASIA2");
    expect(calls).toBe(2);
  });

  it("A's store is sick; B and C share; A has its own set", async () => {
    for (const sick of ["throws", "rejects", "hangs", "lies"]) {
      rmSync(directory, { recursive: true });
      calls = 0;
      const others = [start(), start()];
      const told = await Promise.all([start({ sick }).told, ...others.map((each) => each.told)]);
      const [own, ...shared] = told.map(({ accessKeyId }) => accessKeyId);
      expect([sick, calls, new Set(shared).size, shared.includes(own ?? "")]).toEqual([
        ...[sick, 2, 1, false],
      ]);
      expect(told[0].steps).toEqual(["store-failed", "alone"]);
    }
  });

  it("no secret and no name stands in what is stored", async () => {
    await start().told;
    const files = readdirSync(directory);
    expect(files.filter((name) => name.startsWith("evercreds1-"))).toHaveLength(3);
    for (const name of files) {
      const text = readFileSync(path.join(directory, name), "latin1");
      for (const secret of ["ASIA1", "secret-1", "token-1", "processes"]) {
        for (const form of [secret, Buffer.from(secret).toString("base64").slice(0, -2)]) {
          expect(`${name} ${text}`).not.toContain(form);
        }
      }
    }
  });
});

describe.skipIf(!hasRedis && !process.env["CI"])("by Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  it("five processes begin together; one asks the source; all have its set", async () => {
    const redis = `redis://127.0.0.1:${server.port}`;
    const told = await Promise.all(Array.from({ length: 5 }, () => start({ redis }).told));
    expect(told.map(({ accessKeyId }) => accessKeyId)).toEqual(Array(5).fill("ASIA1"));
    expect(calls).toBe(1);
  });
});
