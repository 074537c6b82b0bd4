import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { StsOptions } from "../src/index.js";
import { LATE_MS, until } from "./support/patience.js";
import { StandIn } from "./support/stand-in.js";
import { built } from "./support/package.js";

let standIn: StandIn;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), "evercreds-mfa-"));
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
  rmSync(home, { recursive: true });
});

let roles = 0;

function open(options: Omit<Partial<StsOptions>, "assumeRole">) {
  const RoleArn = standIn.role(`mfa-${++roles}`);
  const session = new RefreshableSession({
    stsClient: standIn.client,
    maxWait: 0, // each failure is told at once
    ...options,
    assumeRole: { RoleArn, SerialNumber: "arn:aws:iam::123456789012:mfa/me" },
  });
  return { session, RoleArn };
}

/** A command that runs this program in Node. */
const node = (program: string) => [process.execPath, "-e", program];
const tells = (text: string) => node(`console.log(${JSON.stringify(text)})`);

describe("a command for codes", () => {
  test("is asked once for each refresh, with no shell between", async () => {
    const file = path.join(home, "asked");
    const [word, injected] = ["$(touch x);`y`|z", path.join(home, "x")];
    const program = `require("fs").appendFileSync(${JSON.stringify(file)}, "."
      + process.argv[1]); console.log("your code: " + (100000 + Date.now() % 900000))`;
    const { session, RoleArn } = open({
      mfaTokenProvider: [...node(program), word],
      mfaCommandOptions: { cwd: home },
    });
    await session.credentials();
    await session.refresh();
    expect(readFileSync(file, "utf8")).toBe(`.${word}.${word}`);
    expect(existsSync(injected)).toBe(false);
    expect((await standIn.asked(RoleArn)).successes).toBe(2);
  });

  test("as a string: quotes keep words together", async () => {
    const program = `console.log(process.argv.slice(1).join() === "a b,c'd,," && "123456")`;
    const words = `"${process.execPath}" -e '${program.replaceAll("'", `'"'"'`)}' "a b" c"'"d '' ""`;
    await expect(open({ mfaTokenProvider: words }).session.credentials()).resolves.toBeDefined();
  });

  test("has the environment that is given", async () => {
    const { session } = open({
      mfaTokenProvider: node("console.log(process.env.CODE)"),
      mfaCommandOptions: { env: { CODE: "654321" } },
    });
    await expect(session.credentials()).resolves.toBeDefined();
  });

  test("may print much; the last six digits in a row are the code", async () => {
    const program = `console.log("1".repeat(5000) + "\\n12345678 old 111111\\nnew: 222222 (30s)")`;
    await expect(
      open({ mfaTokenProvider: node(program) }).session.credentials(),
    ).resolves.toBeDefined();
  });

  test.each<[string, string[], RegExp]>([
    ["is not there", ["/nowhere/SENTINEL"], /cannot be run \(ENOENT\)/],
    ["fails", node("console.log(918273); process.exit(3) // SENTINEL"), /failed with 3/],
    ["is killed", node("process.kill(process.pid, 'SIGKILL') // SENTINEL"), /ended by SIGKILL/],
    ["prints no code", tells("SENTINEL 12345 1234567"), /printed no six-digit code/],
    ["prints digits of another script", tells("١٢٣٤٥٦"), /printed no six-digit code/],
    [
      "prints what is no text",
      node("process.stdout.write(Buffer.alloc(600, 0xff))"),
      /printed no six-digit code/,
    ],
    ["has words that no program can", ["node", "SENTINEL\0"], /cannot be started/],
  ])("that %s is a permanent failure, of which nothing is told", async (_name, argv, words) => {
    const { session, RoleArn } = open({ mfaTokenProvider: argv });
    const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "source", class: "permanent" });
    expect((error as Error).message).toMatch(words);
    const shown = inspect(error, { depth: Infinity, showHidden: true });
    expect(shown).not.toMatch(/SENTINEL|918273|\b1234567\b/);
    expect((await standIn.asked(RoleArn)).attempts).toBe(0);
  });

  test("that takes too long is killed", async () => {
    const { session } = open({
      mfaTokenProvider: node("setInterval(() => {}, 1000)"),
      mfaCommandOptions: { timeout: 0.3 },
    });
    const from = performance.now();
    await expect(session.credentials()).rejects.toMatchObject({
      class: "recoverable",
      message: expect.stringContaining("gave no code in time") as string,
    });
    expect(performance.now() - from).toBeLessThan(LATE_MS);
  });

  test("is killed with the session", async () => {
    const file = path.join(home, "pid");
    const program = `require("fs").writeFileSync(${JSON.stringify(file)}, "" + process.pid);
      setInterval(() => {}, 1000)`;
    const { session } = open({ mfaTokenProvider: node(program) });
    const waiting = session.credentials();
    const failed = expect(waiting).rejects.toMatchObject({ code: "closed" });
    const pid = await until(() => existsSync(file) && Number(readFileSync(file, "utf8")));
    session.close();
    await failed;
    await until(() => !isAlive(pid));
  });

  test("whose child holds its output open is not waited for", async () => {
    const child = `require("child_process").spawn(process.execPath,
      ["-e", "setTimeout(() => {}, 100000)"], { stdio: ["ignore", "inherit", "ignore"], detached: true })`;
    const file = path.join(home, "child");
    const program = `const c = ${child}; c.unref();
      require("fs").writeFileSync(${JSON.stringify(file)}, "" + c.pid); console.log("123456")`;
    const { session } = open({ mfaTokenProvider: node(program) });
    const from = performance.now();
    await session.credentials();
    expect(performance.now() - from).toBeLessThan(LATE_MS);
    process.kill(Number(readFileSync(file, "utf8")));
  });
});

test("an attended command has the terminal of the process", async () => {
  const file = path.join(home, "attended.mjs");
  const asks = `process.stdin.once("data", (line) => {
    console.error("thank you"); console.log(String(line)); process.exit() })`;
  const options = {
    attended: true,
    mfaTokenProvider: node(asks),
    stsClient: standIn.client,
    assumeRole: {
      RoleArn: standIn.role("mfa-attended"),
      SerialNumber: "arn:aws:iam::123456789012:mfa/me",
    },
  };
  writeFileSync(
    file,
    `import { RefreshableSession } from ${JSON.stringify(built)};
    const session = new RefreshableSession(${JSON.stringify(options)});
    console.log(Object.keys(await session.credentials()).join());`,
  );
  const child = spawn(process.execPath, [file], { stdio: "pipe" });
  child.stdin.end("135790\n");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(err).toBe("thank you\n");
  expect(out).toContain("accessKeyId");
  expect(out).not.toContain("135790");
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
