import { platform } from "#platform";
import { type Given, isRecord, wrong } from "./options.js";
import type { PemTexts, Platform } from "./platform/types.js";
import type { Rules } from "./rules.js";

/** PEM text, as a string or bytes, or the path of a file that holds it. */
export type Pem = string | Uint8Array;

/** Where and as whom the credentials provider is asked. */
export interface IotSettings {
  platform: Platform;
  host: string;
  port: number;
  /** The region in the endpoint's name. */
  region: string;
  roleAlias: string;
  thingName: string | undefined;
  timeoutMs: number;
  connectTo: { host: string; port: number } | undefined;
  /** Reads the files anew, which may have been replaced. Throws what {@link wrong} gives. */
  readPem: () => PemTexts;
}

const TIMEOUT_SECONDS = 10;
const HTTPS_PORT = 443;

/** Checks the options of method "iot", files included. */
export function readIot(options: Given, rules: Rules): IotSettings {
  if (platform === undefined) {
    throw wrong("method", '"iot" needs Node: there are no client certificates here', "iot");
  }
  const { roleAlias, thingName, timeout = TIMEOUT_SECONDS, connectTo } = options;
  const { host, port } = readEndpoint(options["endpoint"], rules, platform);
  if (typeof roleAlias !== "string" || !/^[\w=,@-]{1,128}$/.test(roleAlias)) {
    throw wrong("roleAlias", "must be 1 to 128 letters, digits or _=,@-", roleAlias);
  }
  if (thingName !== undefined && !isThing(thingName)) {
    throw wrong("thingName", "must be 1 to 128 letters, digits or :_-", thingName);
  }
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= 3600)) {
    throw wrong("timeout", "must be seconds above 0 and at most 3600", timeout);
  }
  const readPem = pemReader(options, platform);
  readPem();
  return {
    ...{ platform, host, port, roleAlias, thingName, readPem },
    region: host.split(".")[3] ?? "",
    timeoutMs: timeout * 1000,
    connectTo: readAddress(connectTo, port),
  };
}

function readEndpoint(given: unknown, rules: Rules, platform: Platform) {
  const endpoint = typeof given === "string" ? rules.iotEndpoint(given) : undefined;
  if (endpoint === undefined) {
    const words =
      "must be an IoT credentials endpoint, as in ID.credentials.iot.REGION.amazonaws.com";
    throw wrong("endpoint", words, given);
  }
  if (endpoint !== given) {
    platform.warn(
      "endpoint is a data endpoint; the credentials endpoint of the same account is used",
    );
  }
  const [host = "", port = HTTPS_PORT] = endpoint.split(":");
  return { host, port: Number(port) };
}

function isThing(value: unknown): value is string {
  return typeof value === "string" && /^[a-zA-Z0-9:_-]{1,128}$/.test(value);
}

function readAddress(given: unknown, defaultPort: number): IotSettings["connectTo"] {
  if (given === undefined) return undefined;
  const { host, port = defaultPort, ...unknown } = isRecord(given) ? given : {};
  const fits =
    typeof host === "string" &&
    host !== "" &&
    Number.isInteger(port) &&
    (port as number) > 0 &&
    (port as number) < 65536 &&
    Object.keys(unknown).length === 0;
  if (!fits) throw wrong("connectTo", "must be an object with a host and, maybe, a port", given);
  return { host, port: port as number };
}

/** Gives what reads and checks certificate, key and authorities. */
function pemReader(options: Given, platform: Platform): () => PemTexts {
  const given = {
    certificate: pemSource(options, "certificate"),
    privateKey: pemSource(options, "privateKey"),
    ca: options["ca"] === undefined ? undefined : pemSource(options, "ca"),
  };
  const read = (name: keyof typeof given): Uint8Array => {
    const { path, text } = given[name] ?? {};
    if (path === undefined) return text ?? new Uint8Array();
    try {
      return platform.readFile(path);
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      throw wrong(name, `must be PEM text or the path of a file that can be read (${code})`, path);
    }
  };
  return () => {
    const texts: PemTexts = {
      certificate: read("certificate"),
      privateKey: read("privateKey"),
      ca: given.ca && read("ca"),
    };
    const problem = platform.checkPem(texts);
    if (problem !== undefined) throw wrong(...problem, options[problem[0]]);
    return texts;
  };
}

function pemSource(options: Given, name: keyof PemTexts): { path?: string; text?: Uint8Array } {
  const given = options[name];
  if (given instanceof Uint8Array && given.length > 0) return { text: Uint8Array.from(given) };
  if (typeof given === "string" && given !== "") {
    return given.includes("-----BEGIN ")
      ? { text: new TextEncoder().encode(given) }
      : { path: given };
  }
  throw wrong(name, "must be PEM text, as a string or bytes, or the path of a file", given);
}
