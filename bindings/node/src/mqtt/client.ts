// The package is an optional peer. Where it is not installed these types are `any`,
// and whoever compiles with the types of this package is not told of an error.
// eslint-disable-next-line @typescript-eslint/ban-ts-comment
/** @ts-ignore an optional peer, see above */
import type { mqtt5 } from "aws-iot-device-sdk-v2";

/** The client for MQTT 5 of the package aws-iot-device-sdk-v2. */
export type MqttClient = mqtt5.Mqtt5Client;

/** What that client can be configured with. */
export type MqttClientConfig = Partial<mqtt5.Mqtt5ClientConfig>;
