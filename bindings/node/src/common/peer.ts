import { nameOf, peek } from "./guard.js";

/** What loaders of modules say where there is no such package. */
const NOT_FOUND = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);

/**
 * What keeps a package from being used that the user installs beside this one, as a
 * predicate: it is not there, or loading it failed, which installing it would not mend.
 */
export function loadProblem(name: string, cause: unknown): string {
  const code = peek(cause, "code");
  if (typeof code === "string" && NOT_FOUND.has(code)) {
    return `needs the package ${name}; install it beside evercreds: npm install ${name}`;
  }
  const why = typeof code === "string" && /^[A-Z0-9_]{1,80}$/.test(code) ? code : nameOf(cause);
  return `cannot load the package ${name}, which is there${why === "" ? "" : ` (${why})`}`;
}
