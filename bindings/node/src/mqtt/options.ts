import { EvercredsValidationError } from "../errors.js";
import { regionOf } from "../sources/iot-options.js";
import type { MqttClientConfig } from "./client.js";
import { type Given, isRecord, record, wrong } from "../common/check.js";
import type { Pem } from "../sources/pem.js";
import type { Pkcs11Options } from "../sources/pkcs11.js";
import type { Rules } from "../library/rules.js";

/** What {@link RefreshableSession.mqtt} takes. */
export interface MqttOptions {
  /** The account's data endpoint, as in `ID-ats.iot.REGION.amazonaws.com`. */
  endpoint: string;
  /**
   * The name of this client, of 1 to 128 bytes. Of two clients with the same name
   * the broker ends the first.
   */
  clientId: string;
  /**
   * "x509" (default): MQTT over TLS, with the certificate. "ws": over WebSockets, each
   * handshake of which is signed with the session's credentials of that time.
   */
  transport?: "x509" | "ws" | undefined;
  /**
   * As for the session; files are read again for each attempt to connect. Default: the
   * session's.
   */
  certificate?: Pem | undefined;
  /** As for the session. Default, where no pkcs11 is given: the session's key. */
  privateKey?: Pem | undefined;
  /** As for the session; the endpoint is always verified. Default: the session's. */
  ca?: Pem | undefined;
  /** As for the session. Default, where no privateKey is given: the session's key. */
  pkcs11?: Pkcs11Options | undefined;
  /** The region to sign for. Default: the endpoint's; no other one is right. */
  region?: string | undefined;
  /** Seconds between pings, 5 to 65535. Default: 60. */
  keepAlive?: number | undefined;
  /**
   * Has the broker forget, at each connection, what an earlier one of this name has left:
   * subscriptions, and messages that are on their way. What this client has subscribed
   * to is subscribed to again before it tells of a connection. False: it keeps them for an
   * hour, or for `clientConfig.connectProperties.sessionExpiryIntervalSeconds`.
   * Default: true.
   */
  cleanStart?: boolean | undefined;
  /** Default: 8883; 443 for "ws" or with `useAlpn`. */
  port?: number | undefined;
  /**
   * Offers `x-amzn-mqtt-ca` in the handshake, for MQTT on port 443. There it is
   * offered in any case. Default: false.
   */
  useAlpn?: boolean | undefined;
  /**
   * Whatever else the client can be configured with: a proxy, a will, time-outs. Not
   * what the other options set.
   */
  clientConfig?: MqttClientConfig | undefined;
}

/** What a client is made with, beside certificates and keys. */
interface MqttPlace {
  host: string;
  port: number;
  clientId: string;
  keepAliveSeconds: number;
  cleanStart: boolean;
  alpn: string | undefined;
  /** Undefined: there is nothing to sign. */
  signFor: string | undefined;
  clientConfig: Record<string, unknown>;
}

const HTTPS_PORT = 443;
const MQTT_PORT = 8883;
const ALPN = { x509: "x-amzn-mqtt-ca", ws: "http/1.1" } as const;
type Transport = keyof typeof ALPN;

const LONGEST_CLIENT_ID_BYTES = 128; // for AWS IoT; the protocol allows more
/** Half a character, or a null one. */
const LONE_OR_NULL = /[\0\uD800-\uDFFF]/u;
const SHORTEST_KEEP_ALIVE_SECONDS = 5;

const NAMES = [
  ...["endpoint", "clientId", "transport", "certificate", "privateKey", "ca", "pkcs11", "region"],
  ...["keepAlive", "cleanStart", "port", "useAlpn", "clientConfig"],
];

/** Checks the options of `mqtt()`, except those of certificates and keys. */
export function readMqtt(options: unknown, rules: Rules): MqttPlace & { options: Given } {
  if (!isRecord(options)) {
    throw new EvercredsValidationError("options", "options must be an object", options);
  }
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw wrong(unknown, `is not an option; expected one of ${NAMES.join(", ")}`, options[unknown]);
  }
  const { transport = "x509", keepAlive = 60, port } = options;
  const { host, region } = dataEndpoint(options["endpoint"], rules);
  if (!isTransport(transport)) throw wrong("transport", 'must be "x509" or "ws"', transport);
  const useAlpn = flag(options, "useAlpn", false);
  const usual = useAlpn || transport === "ws" ? HTTPS_PORT : MQTT_PORT;
  const number = port === undefined ? usual : whole("port", port, 1, 65535);
  return {
    ...{ options, host, port: number },
    clientId: clientId(options["clientId"]),
    keepAliveSeconds: whole("keepAlive", keepAlive, SHORTEST_KEEP_ALIVE_SECONDS, 65535),
    cleanStart: flag(options, "cleanStart", true),
    // on port 443 AWS IoT tells MQTT and HTTP apart by it
    alpn: useAlpn || number === HTTPS_PORT ? ALPN[transport] : undefined,
    signFor: signingRegion(options["region"], region, transport),
    clientConfig: readConfig(options),
  };
}

function isTransport(value: unknown): value is Transport {
  return typeof value === "string" && Object.hasOwn(ALPN, value);
}

/** Nobody but AWS is to see a signed request, so that the name must be one of its. */
function dataEndpoint(given: unknown, rules: Rules): { host: string; region: string } {
  const credentials = typeof given === "string" ? rules.iotEndpoint(given) : undefined;
  const wanted = "must be the account's data endpoint, as in ID-ats.iot.REGION.amazonaws.com";
  if (typeof given !== "string" || credentials === undefined) {
    throw wrong("endpoint", wanted, given);
  }
  if (credentials === given) {
    const why =
      "not the credentials endpoint, which takes no MQTT: " +
      "aws iot describe-endpoint --endpoint-type iot:Data-ATS tells the right one";
    throw wrong("endpoint", `${wanted}, ${why}`, given);
  }
  if (given.includes(":")) {
    throw wrong("endpoint", `${wanted}, without a port: use the option port`, given);
  }
  return { host: given, region: regionOf(credentials) };
}

function clientId(given: unknown): string {
  const bytes =
    typeof given === "string" && !LONE_OR_NULL.test(given)
      ? new TextEncoder().encode(given).length
      : 0;
  if (bytes > 0 && bytes <= LONGEST_CLIENT_ID_BYTES) return given as string;
  const words = `must be a string of 1 to ${LONGEST_CLIENT_ID_BYTES} bytes in UTF-8, without null characters`;
  throw wrong("clientId", words, given);
}

function signingRegion(given: unknown, own: string, transport: Transport): string | undefined {
  if (given !== undefined && typeof given !== "string") {
    throw wrong("region", "must be a string", given);
  }
  if (transport === "x509") return undefined;
  if (given !== undefined && given !== own) {
    throw wrong("region", `must be that of the endpoint, ${own}, or left out`, given);
  }
  return own;
}

/** What the options set may not be set twice. */
const CONFIG_TAKEN: Readonly<Record<string, string>> = {
  hostName: "endpoint",
  port: "port",
  tlsCtx: "certificate, privateKey, pkcs11 and ca",
  sessionBehavior: "cleanStart",
  websocketHandshakeTransform: "transport",
};
const PROPERTIES_TAKEN: Readonly<Record<string, string>> = {
  clientId: "clientId",
  keepAliveIntervalSeconds: "keepAlive",
};

function readConfig(options: Given): Record<string, unknown> {
  const config = record(options, "clientConfig");
  refuseTaken("clientConfig", config, CONFIG_TAKEN);
  const { connectProperties } = config;
  if (connectProperties === undefined) return config;
  if (!isRecord(connectProperties)) {
    throw wrong("clientConfig.connectProperties", "must be an object", connectProperties);
  }
  refuseTaken("clientConfig.connectProperties", connectProperties, PROPERTIES_TAKEN);
  return config;
}

function refuseTaken(where: string, given: Given, taken: Readonly<Record<string, string>>): void {
  for (const [name, option] of Object.entries(taken)) {
    if (given[name] === undefined) continue;
    throw wrong(`${where}.${name}`, `is set by ${option}`, given[name]);
  }
}

function flag(options: Given, name: string, otherwise: boolean): boolean {
  const { [name]: value = otherwise } = options;
  if (typeof value !== "boolean") throw wrong(name, "must be true or false", value);
  return value;
}

function whole(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw wrong(name, `must be a whole number from ${least} to ${most}`, value);
}
