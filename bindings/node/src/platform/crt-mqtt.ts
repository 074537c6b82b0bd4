import type { http, mqtt5 } from "aws-iot-device-sdk-v2";
import { loadCrt, type Sdk } from "./crt.js";
import { lastingClient } from "./crt-mqtt-client.js";
import { LOOK_MS } from "./crt-mqtt-gate.js";
import { MqttLine } from "./crt-mqtt-line.js";
import { contextFor, type Found } from "./crt-tls.js";
import { lookAt, type Server } from "./server-look.js";
import type { MqttSettings, Signing, TlsProblem } from "./types.js";

const SERVICE = "iotdevicegateway";
const LONGEST_PING_MS = 30_000; // the runtime's own default

/** How long AWS IoT keeps what a client left, where MQTT does not say: its own default. */
const SESSION_EXPIRY_SECONDS = 3600;

/** Between attempts; the runtime's own defaults. */
const SHORTEST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 120_000;

/** AWS_ERROR_UNKNOWN: the runtime takes nothing but a number of its own. */
const UNKNOWN = 3;

/** Makes a client, whose `start()` connects it. */
export function makeMqttClient(settings: MqttSettings): { client: mqtt5.Mqtt5Client } | TlsProblem {
  const { alpn, warn } = settings;
  const material = settings.material();
  const found = contextFor(material, alpn);
  if ("problem" in found) return found;
  const sdk = loadCrt();
  const make = (context: Found["context"]) => sdkClient(sdk, settings, context);
  const look = async () => {
    try {
      return await lookAt(wayTo(settings), LOOK_MS);
    } catch {
      return undefined; // the client itself tells what cannot be read
    }
  };
  const parts = { make, look, pauseMs: pauses(settings) };
  const line = new MqttLine(material, found, parts, { material: settings.material, alpn, warn });
  return { client: lastingClient(sdk, line) };
}

/** The broker, and the way to it that the SDK takes. Throws where the files cannot be read. */
function wayTo({ host, port, alpn, material, clientConfig }: MqttSettings): Server {
  const { httpProxyOptions: proxy } = clientConfig as Partial<mqtt5.Mqtt5ClientConfig>;
  if (proxy === undefined) return { host, port, alpn, material: material() };
  const { host_name, port: proxyPort, auth_method, auth_username = "", auth_password = "" } = proxy;
  if (proxy.tls_opts !== undefined) throw new Error("that cannot be looked through");
  const isBasic = auth_method === loadCrt().http.HttpProxyAuthenticationType.Basic;
  const pair = Buffer.from(`${auth_username}:${auth_password}`).toString("base64");
  const authorization = isBasic ? `Basic ${pair}` : undefined;
  const way = { host: host_name, port: proxyPort, authorization };
  return { host, port, alpn, material: material(), proxy: way };
}

/** The pauses after brokers that are not to be trusted: as the SDK makes them after failures. */
function pauses({ clientConfig }: MqttSettings): (refusals: number) => number {
  const {
    minReconnectDelayMs: least = SHORTEST_PAUSE_MS,
    maxReconnectDelayMs: most = LONGEST_PAUSE_MS,
  } = clientConfig as Partial<mqtt5.Mqtt5ClientConfig>;
  return (refusals) => {
    const longest = Math.max(least, Math.min(most, least * 2 ** refusals));
    return least + Math.random() * (longest - least);
  };
}

function sdkClient(sdk: Sdk, settings: MqttSettings, tlsCtx: Found["context"]): mqtt5.Mqtt5Client {
  const { keepAliveSeconds, cleanStart, clientConfig, signing } = settings;
  const { connectProperties, ...more } = clientConfig as Partial<mqtt5.Mqtt5ClientConfig>;
  const { Clean, RejoinAlways } = sdk.mqtt5.ClientSessionBehavior;
  const { AwsIotCoreDefaults } = sdk.mqtt5.ClientExtendedValidationAndFlowControl;
  return new sdk.mqtt5.Mqtt5Client({
    extendedValidationAndFlowControlOptions: AwsIotCoreDefaults,
    // an answer is to come before the next ping is due
    pingTimeoutMs: Math.min(LONGEST_PING_MS, keepAliveSeconds * 500),
    ...more,
    hostName: settings.host,
    port: settings.port,
    tlsCtx,
    sessionBehavior: cleanStart ? Clean : RejoinAlways,
    connectProperties: {
      ...(!cleanStart && { sessionExpiryIntervalSeconds: SESSION_EXPIRY_SECONDS }),
      ...connectProperties,
      clientId: settings.clientId,
      keepAliveIntervalSeconds: keepAliveSeconds,
    },
    ...(signing && { websocketHandshakeTransform: signer(signing) }),
  });
}

function signer(signing: Signing): mqtt5.WebsocketHandshakeTransform {
  return (request, done) => {
    sign(request, signing).then(
      () => {
        done();
      },
      (error: unknown) => {
        // the client tries again and again by itself, and tells nobody why it has to
        signing.failed(error);
        done(UNKNOWN);
      },
    );
  };
}

/** Signs a handshake with the credentials of now. */
async function sign(request: http.HttpRequest, signing: Signing): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken } = await signing.credentials();
  const { auth } = loadCrt();
  const names = [...request.headers].map(([name]) => name);
  await auth.aws_sign_request(request, {
    algorithm: auth.AwsSigningAlgorithm.SigV4,
    signature_type: auth.AwsSignatureType.HttpRequestViaQueryParams,
    provider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey, sessionToken),
    region: signing.region,
    service: SERVICE,
    signed_body_value: auth.AwsSignedBodyValue.EmptySha256,
    // who relays may change the others; AWS IoT's documentation signs this one alone
    header_blacklist: names.filter((name) => name.toLowerCase() !== "host"),
    omit_session_token: true, // AWS IoT wants it added to what was signed
  });
}
