import type { http, mqtt5 } from "aws-iot-device-sdk-v2";
import { loadCrt, type Sdk } from "./crt.js";
import { lastingClient } from "./crt-mqtt-client.js";
import { MqttLine } from "./crt-mqtt-line.js";
import { contextFor, type Found } from "./crt-tls.js";
import type { MqttSettings, Signing, TlsProblem } from "./types.js";

const SERVICE = "iotdevicegateway";
const LONGEST_PING_MS = 30_000; // the runtime's own default

/** How long AWS IoT keeps what a client left, where MQTT does not say: its own default. */
const SESSION_EXPIRY_SECONDS = 3600;

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
  const line = new MqttLine(material, found, make, { material: settings.material, alpn, warn });
  return { client: lastingClient(sdk, line) };
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
