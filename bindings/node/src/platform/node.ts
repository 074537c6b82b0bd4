import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { run } from "./command.js";
import type { Platform } from "./types.js";

/** The platform of Node, and of what resolves packages as Node does. */
export const platform: Platform | undefined = {
  readFile: (url) => Uint8Array.from(readFileSync(url)),
  run,
  newScope() {
    const storage = new AsyncLocalStorage<object>();
    return {
      run: (value, body) => storage.run(value, body),
      current: () => storage.getStore(),
    };
  },
};
