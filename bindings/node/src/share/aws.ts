import { EvercredsError } from "../errors.js";
import { header } from "../common/http.js";
import { loadProblem } from "../common/peer.js";

/**
 * The error where a package of AWS's cannot be loaded. Its import stands in a try of its own:
 * bundlers go on without the package then, since other stores do not need it.
 */
export function unloadable(name: string, cause: unknown): EvercredsError {
  return new EvercredsError("configuration", `sharing ${loadProblem(name, cause)}`, {
    class: "permanent",
    cause,
  });
}

/** What is used of a command of the SDK: its middleware, which sees the reply. */
interface Command {
  middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<{ response: unknown }>,
      ) => (args: never) => Promise<{ response: unknown }>,
      options: { step: "deserialize"; name: string },
    ): void;
  };
}

/**
 * Sends a command, and tells the date of its reply, in milliseconds; 0: it has none. A
 * date has whole seconds: the one that has begun.
 */
export async function dated<C, Output>(
  command: C,
  send: (command: C) => Promise<Output>,
): Promise<{ output: Output; clockMs: number }> {
  let clockMs = 0;
  (command as unknown as Command).middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const read = Date.parse(header(result.response, "date") ?? "");
      clockMs = Number.isNaN(read) ? 0 : read;
      return result;
    },
    { step: "deserialize", name: "evercredsDate" },
  );
  const output = await send(command);
  return { output, clockMs };
}
