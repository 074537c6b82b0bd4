import type { mqtt5 } from "aws-iot-device-sdk-v2";
import type { Sdk } from "./crt.js";
import { MqttLine } from "./crt-mqtt-line.js";

const lines = new WeakMap<object, MqttLine>();

/** Made once, since the package is loaded late, if at all. */
let Lasting: Sdk["mqtt5"]["Mqtt5Client"] | undefined;

/**
 * The client that the user has. It is one of the SDK's by its type, and has no
 * connection of its own: whichever client stands behind it now does what it is asked.
 */
export function lastingClient({ mqtt5 }: Sdk, line: MqttLine): mqtt5.Mqtt5Client {
  Lasting ??= class LastingMqttClient extends mqtt5.Mqtt5Client {
    override start(): void {
      lineOf(this).start();
    }
    override stop(packet?: mqtt5.DisconnectPacket): void {
      lineOf(this).stop(packet);
    }
    override close(): void {
      lineOf(this).close();
    }
    override subscribe(packet: mqtt5.SubscribePacket): Promise<mqtt5.SubackPacket> {
      return lineOf(this).subscribe(packet);
    }
    override unsubscribe(packet: mqtt5.UnsubscribePacket): Promise<mqtt5.UnsubackPacket> {
      return lineOf(this).unsubscribe(packet);
    }
    override publish(packet: mqtt5.PublishPacket): Promise<mqtt5.PublishCompletionResult> {
      return lineOf(this).publish(packet);
    }
    override getOperationalStatistics(): mqtt5.ClientStatistics {
      return lineOf(this).client.getOperationalStatistics();
    }
    /** For native code that wants this client: it gets the one of now, for good. */
    override native_handle(): unknown {
      return lineOf(this).pin();
    }
  };
  // the SDK's constructor would make a connection; that of what it extends keeps listeners
  const emitter = Object.getPrototypeOf(
    Object.getPrototypeOf(mqtt5.Mqtt5Client),
  ) as new () => object;
  const client = Reflect.construct(emitter, [], Lasting) as mqtt5.Mqtt5Client;
  lines.set(client, line);
  line.begin((event, ...given) => client.emit(event, ...given));
  return client;
}

function lineOf(client: object): MqttLine {
  const line = lines.get(client);
  if (line === undefined) throw new TypeError("this client was not made by mqtt()");
  return line;
}
