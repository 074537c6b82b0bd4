import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire as requireFrom } from "node:module";
import { peek } from "../common/guard.js";
import { agents } from "./agents.js";
import { run } from "./command.js";
import { crtProblem } from "./crt.js";
import { getOverCrt } from "./crt-http.js";
import { makeMqttClient } from "./crt-mqtt.js";
import { checkPem, getOverTls } from "./tls.js";
import type { Platform } from "./types.js";

/** The platform of Node, and of what resolves packages as Node does. */
export const platform: Platform | undefined = {
  readFile: (file) => Uint8Array.from(readFileSync(file)),
  realFile,
  run,
  checkPem,
  // Node's own TLS knows nothing of keys that it cannot read
  getOverMutualTls: (request, signal) =>
    (request.material.token === undefined ? getOverTls : getOverCrt)(request, signal),
  crtProblem,
  makeMqttClient,
  channel,
  loadShare,
  agents,
  warn: (text, detail) => {
    const type = "EvercredsWarning";
    if (detail === undefined) process.emitWarning(text, type);
    else process.emitWarning(text, { type, detail });
  },
  newScope() {
    const storage = new AsyncLocalStorage<object>();
    return {
      run: (value, body) => storage.run(value, body),
      current: () => storage.getStore(),
    };
  },
};

/**
 * By a name that is put together here, so that no bundler takes it along for programs that do
 * not share, and have none of the packages of its stores: some follow a `createRequire`
 * too. (Banners of bundles have one of their own.)
 */
function loadShare(): string | undefined {
  try {
    Reflect.apply(requireFrom, undefined, [import.meta.url])(["evercreds", "share"].join("/"));
    return undefined;
  } catch (cause) {
    return `cannot load evercreds/share (${String(peek(cause, "code"))})`;
  }
}

function realFile(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? realpathSync(file) : undefined;
  } catch {
    return undefined; // why does not matter: the path may be anything
  }
}
