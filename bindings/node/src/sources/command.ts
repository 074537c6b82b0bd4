import { platform } from "#platform";
import { type Given, isRecord, wrong } from "../common/check.js";
import type { Command } from "../platform/types.js";
import type { Rules } from "../library/rules.js";
import { type Attempt, SourceFailure } from "./source.js";

const NAME = "mfaTokenProvider";
const OPTIONS = "mfaCommandOptions";

/** What a command has that asks nobody. */
const TIMEOUT_SECONDS = 30;

/** Settings of a command that prints codes. */
export interface MfaCommandOptions {
  /** The directory that it runs in. Default: the process's own. */
  cwd?: string | undefined;
  /** Its environment, in place of the process's own. */
  env?: Record<string, string> | undefined;
  /** Seconds that it has. Default: 30; without end where the session is `attended`. */
  timeout?: number | undefined;
}

/**
 * Reads a command: a program and its arguments, or one string of them. No shell
 * sees it: blanks part the words of a string, quotes keep them together, and no
 * other character means anything.
 *
 * @param attended a person answers it, through the terminal of this process
 */
export function readCommand(given: string | readonly unknown[], options: Given, attended: boolean) {
  if (platform === undefined) {
    throw wrong(NAME, "must be a function: this runtime cannot run commands", given);
  }
  const words = typeof given === "string" ? splitWords(given) : given;
  const [program, ...args] = words.filter((word) => typeof word === "string");
  if (program === undefined || program.trim() === "" || args.length + 1 !== words.length) {
    throw wrong(NAME, "must contain only strings, with a program as its first word", given);
  }
  const command: Command = { program, args, attended, ...readOptions(options, attended) };
  return command;
}

function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+|\S/g) ?? [];
  return words.map((word) => {
    const plain = word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2");
    if (/^["']$/.test(word)) throw wrong(NAME, "has an unterminated quote", text);
    return plain;
  });
}

function readOptions(given: Given, attended: boolean): Pick<Command, "cwd" | "env" | "timeoutMs"> {
  const { cwd, env, timeout = attended ? undefined : TIMEOUT_SECONDS, ...unknown } = given;
  for (const [name, value] of Object.entries(unknown)) {
    throw wrong(
      `${OPTIONS}.${name}`,
      "is not known for a command; expected cwd, env, timeout",
      value,
    );
  }
  if (cwd !== undefined && typeof cwd !== "string") {
    throw wrong(`${OPTIONS}.cwd`, "must be a string", cwd);
  }
  if (env !== undefined && !isStrings(env)) {
    throw wrong(`${OPTIONS}.env`, "must be an object with strings only", env);
  }
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0 && timeout <= 43200)) {
    throw wrong(`${OPTIONS}.timeout`, "must be seconds above 0 and at most 43200", timeout);
  }
  return { cwd, env, timeoutMs: timeout === undefined ? undefined : timeout * 1000 };
}

function isStrings(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

/**
 * Runs a command for its code: the last six digits in a row that it prints.
 * Neither its words nor what it prints go into an error, as both may be secret.
 */
export async function runForCode(
  command: Command,
  rules: Rules,
  { signal }: Pick<Attempt, "signal">,
): Promise<string> {
  const outcome = await platform?.run(command, signal);
  if (outcome === undefined || outcome.problem !== undefined) {
    const words = `the command of ${NAME} ${outcome?.problem ?? "cannot be run here"}`;
    const inTime = outcome?.timedOut === true || signal.aborted;
    throw new SourceFailure(words, {
      trouble: "no-code",
      class: inTime ? "recoverable" : "permanent",
    });
  }
  let code: string | undefined;
  try {
    code = rules.mfaCode(outcome.output);
  } finally {
    outcome.output.fill(0);
  }
  if (code !== undefined) return code;
  const words = `the command of ${NAME} printed no six-digit code`;
  throw new SourceFailure(words, { trouble: "no-code", class: "permanent" });
}
