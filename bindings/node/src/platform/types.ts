/**
 * What a session uses of its platform, beyond what every JavaScript engine has.
 * `#platform` in package.json chooses the file: `node.ts` where there is Node,
 * `none.ts` elsewhere. Neither is bundled into the package's main file, so that
 * a bundle for a browser never meets the name of a module of Node's.
 */
export interface Platform {
  /** The file's bytes. */
  readFile(url: URL): Uint8Array<ArrayBuffer>;
  /** A place for values that go along with chains of asynchronous calls. */
  newScope(): Scope;
  /** Runs a command to its end, or until the signal is aborted. Never rejects. */
  run(command: Command, signal: AbortSignal): Promise<CommandOutcome>;
}

/** See {@link Platform.newScope}. */
export interface Scope {
  /** Runs `body`, and all that it starts, with this value. */
  run<R>(value: object, body: () => R): R;
  /** The value of whoever runs now. */
  current(): object | undefined;
}

/** A program and its arguments, as no shell sees them. */
export interface Command {
  program: string;
  args: string[];
  /** A person answers it: it has the process's own input and error output. */
  attended: boolean;
  /** The directory to run it in; undefined: the process's own. */
  cwd: string | undefined;
  /** Undefined: the process's own. */
  env: Record<string, string> | undefined;
  /** Undefined: without end. */
  timeoutMs: number | undefined;
}

/** The end of what a command printed, or why there is none, without its words. */
export type CommandOutcome =
  { output: Uint8Array; problem?: undefined } | { problem: string; timedOut?: boolean };
