import { type ChildProcess, spawn } from "node:child_process";
import { BUFFER_BYTES } from "../library/abi-generated.js";
import type { Command, CommandOutcome } from "./types.js";

/**
 * What is kept of a command's output, from its end: the code stands there. It is as much
 * as the module's buffer takes.
 */
const OUTPUT_BYTES = BUFFER_BYTES;

/** A grandchild may hold the output open after the command has ended. */
const LINGER_MS = 1000;

/** Runs a command without a shell, and kills it when it is not wanted any more. */
export async function run(command: Command, signal: AbortSignal): Promise<CommandOutcome> {
  const { program, args, attended, cwd, env, timeoutMs } = command;
  const others = attended ? "inherit" : "ignore";
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd,
      env,
      stdio: [others, "pipe", others],
      windowsHide: true,
    });
  } catch (error) {
    return { problem: `cannot be started${codeOf(error)}` };
  }
  // whoever waits for the code keeps the process alive; a background refresh does not
  child.unref();
  (child.stdout as unknown as { unref?(): void } | null)?.unref?.();
  return watch(child, timeoutMs, signal);
}

function watch(
  child: ChildProcess,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const output = collect(child);
  return new Promise((resolve) => {
    let timedOut = false;
    const kill = () => child.kill("SIGKILL");
    const overtime = () => {
      timedOut = true;
      kill();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(overtime, timeoutMs).unref();
    const end = (outcome: CommandOutcome) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      child.stdout?.destroy();
      resolve(outcome);
    };
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) kill();
    child.once("error", (error) => {
      end({ problem: `cannot be run${codeOf(error)}` });
    });
    const finish = (status: number | null, killer: NodeJS.Signals | null) => {
      if (status === 0) end({ output: output() });
      else if (timedOut) end({ problem: "gave no code in time", timedOut });
      else end({ problem: status === null ? `was ended by ${killer}` : `failed with ${status}` });
    };
    child.once("close", finish);
    child.once("exit", (status, killer) => {
      setTimeout(finish, LINGER_MS, status, killer).unref();
    });
  });
}

/** Collects the end of what a command prints; gives a function that tells it. */
function collect(child: ChildProcess): () => Uint8Array {
  let kept: Buffer = Buffer.alloc(0);
  let cut = false;
  child.stdout?.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    cut ||= kept.length > OUTPUT_BYTES;
    kept = kept.subarray(-OUTPUT_BYTES);
  });
  return () => {
    // digits at a cut may be the rest of a longer number
    let start = 0;
    while (cut && start < kept.length && isDigit(kept[start])) start++;
    return kept.subarray(start);
  };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The system's code of an error. Its message may quote the command. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? ` (${code})` : "";
}
