import { platform } from "#platform";
import { type Given, isRecord, wrong } from "../common/check.js";
import type { Platform } from "../platform/types.js";
import type { Rules } from "../library/rules.js";
import { TlsIdentity } from "./tls-identity.js";

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
  /** The lifetime to ask for; undefined: what the role alias says. */
  durationSeconds: number | undefined;
  connectTo: { host: string; port: number } | undefined;
  identity: TlsIdentity;
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
  return {
    ...{ platform, host, port, roleAlias, thingName },
    region: regionOf(host),
    timeoutMs: timeout * 1000,
    durationSeconds: readDuration(options["durationSeconds"], rules),
    identity: TlsIdentity.read(options, platform),
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

/** The region in the name of a credentials endpoint. */
export function regionOf(host: string): string {
  return host.split(".")[3] ?? "";
}

function readDuration(given: unknown, rules: Rules): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number" && rules.duration(given, false) >= 0) return given;
  throw wrong("durationSeconds", "must be whole seconds from 900 to 43200", given);
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
  if (!fits) throw wrong("connectTo", "must be an object with a host and an optional port", given);
  return { host, port: port as number };
}
