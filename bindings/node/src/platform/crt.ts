import * as loaders from "node:module";
import { isMainThread } from "node:worker_threads";
import { loadProblem } from "../common/peer.js";
import { untrusted } from "./tls.js";

/** The AWS IoT Device SDK, which brings the AWS Common Runtime along. */
export type Sdk = typeof import("aws-iot-device-sdk-v2");

/** AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE */
const HANDSHAKE_FAILED = 1029;

const PACKAGE = "aws-iot-device-sdk-v2";

// Not `import`: bundlers would follow it into a package with native code in it,
// which does not work from within a bundle. Not at once either: in a bundle of
// CommonJS there is no URL, and the package is looked for where the process runs.
// And not by the name `createRequire`, which the banners of bundles for ESM have taken.
function load(): NodeJS.Require {
  const here = (import.meta as { url?: string }).url;
  return loaders.createRequire(here ?? `${process.cwd()}/`);
}

/** What keeps the optional peer from being used; nothing of it is run. */
export function crtProblem(): string | undefined {
  if (!isMainThread) {
    return `works in the main thread alone: the native code of ${PACKAGE} ends a process that uses it in two`;
  }
  try {
    load().resolve(PACKAGE);
    return undefined;
  } catch (error) {
    return loadProblem(PACKAGE, error);
  }
}

/** Loads the optional peer at its first use: that takes a tenth of a second and more. */
export function loadCrt(): Sdk {
  return load()(PACKAGE) as Sdk;
}

/** The name of an error of its, and nothing else of its text, which may quote things. */
export function errorName(error: unknown): string {
  const { error_name: name, message, name: kind } = Object(error) as Record<string, unknown>;
  const text = typeof name === "string" ? name : String(message);
  return /\bAWS_[A-Z0-9_]+/.exec(text)?.[0] ?? (typeof kind === "string" ? kind : typeof error);
}

/** As the runtime tells of a handshake that failed, and why it did. */
export function untrustedServer(code: string): Error {
  const { CrtError } = loadCrt();
  return Object.assign(new CrtError(HANDSHAKE_FAILED), { message: untrusted(code) });
}
