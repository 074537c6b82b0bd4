import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { quietAgents } from "./agents.js";
import { run } from "./command.js";
import { checkPem, getOverMutualTls } from "./tls.js";
import type { Platform } from "./types.js";

/** The platform of Node, and of what resolves packages as Node does. */
export const platform: Platform | undefined = {
  readFile: (file) => Uint8Array.from(readFileSync(file)),
  run,
  checkPem,
  getOverMutualTls,
  channel,
  quietAgents,
  warn: (text) => {
    process.emitWarning(text, "EvercredsWarning");
  },
  newScope() {
    const storage = new AsyncLocalStorage<object>();
    return {
      run: (value, body) => storage.run(value, body),
      current: () => storage.getStore(),
    };
  },
};
