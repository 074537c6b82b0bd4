// What the tests of mqtt() share: a broker, reached by a proxy, and clients of it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { http, mqtt5 } from "aws-iot-device-sdk-v2";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { RefreshableSession } from "../../src/index.js";
import type { IotOptions, MqttOptions } from "../../src/index.js";
import { Broker, issue, MQTT_ENDPOINT, noMosquitto } from "./mosquitto.js";
import { LATE_MS, until } from "./patience.js";
import { ConnectProxy } from "./relays.js";
import { makeToken, noSoftHsm } from "./softhsm.js";
import { StandIn } from "./stand-in.js";

// Those of the file that calls `beforeAndAfter`.
export let standIn: StandIn;
export let broker: Broker;
export let proxy: ConnectProxy;
export let home: string;
/** Certificates that the broker takes, beside those of the stand-in's devices. */
export let pairs: Record<"old" | "new", ReturnType<typeof issue>>;
export let clients: mqtt5.Mqtt5Client[] = [];

/** Starts stand-in, broker and proxy for the tests of a file, and ends them and its clients. */
export function beforeAndAfter(): void {
  beforeAll(async () => {
    standIn = await StandIn.start();
    home = mkdtempSync(path.join(tmpdir(), "evercreds mqtt-"));
    if (noSoftHsm === undefined) makeToken(home, standIn);
    if (noMosquitto !== undefined) return;
    pairs = { old: issue(home, "old", "old"), new: issue(home, "new", "new") };
    const authorities = path.join(home, "clients-ca.pem");
    const texts = [standIn.clientCa, pairs.old.ca, pairs.new.ca].map((file) => readFileSync(file));
    writeFileSync(authorities, Buffer.concat(texts));
    broker = await Broker.start(home, authorities);
  });
  afterAll(async () => {
    if (noMosquitto === undefined) await broker.stop();
    await standIn.stop();
    rmSync(home, { recursive: true });
  });
  beforeEach(async () => {
    proxy = await ConnectProxy.start(
      noMosquitto === undefined ? { 8883: broker.tlsPort, 443: broker.websocketPort } : {},
    );
  });
  afterEach(async () => {
    const made = clients;
    clients = [];
    await Promise.all(made.map(end));
    await proxy.relay.close();
    await standIn.clearFaults();
    vi.restoreAllMocks();
  });
}

export const open = (options: Partial<IotOptions> = {}) =>
  new RefreshableSession({ ...standIn.iot, ...options });

/** A client that reaches the broker by the proxy, under a name of its own. */
export function make(session: RefreshableSession, options: Partial<MqttOptions> = {}) {
  const clientId = `client-${randomUUID()}`;
  const client = session.mqtt({
    ...{ endpoint: MQTT_ENDPOINT, clientId, ca: broker.ca, ...options },
    clientConfig: {
      httpProxyOptions: new http.HttpProxyOptions("127.0.0.1", proxy.relay.port),
      minReconnectDelayMs: 20,
      maxReconnectDelayMs: 100,
      ...options.clientConfig,
    },
  });
  clients.push(client);
  return { client, clientId };
}

export async function end(client: mqtt5.Mqtt5Client): Promise<void> {
  const stopped = once(client, mqtt5.Mqtt5Client.STOPPED);
  client.stop();
  await stopped;
  client.close();
}

/** What happens within a time that a loaded machine needs, and no longer. */
export const soon = () => ({ signal: AbortSignal.timeout(LATE_MS) });

/** Connects; fails with the first failure to. */
export async function start(client: mqtt5.Mqtt5Client): Promise<void> {
  const connected = once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, soon());
  const failed = failureOf(client).then((name) => Promise.reject(new Error(name)));
  await Promise.race([connected, failed]);
}

/** Tries to connect; gives the name of the error. */
export async function failureOf(client: mqtt5.Mqtt5Client): Promise<string> {
  const failed = once(client, mqtt5.Mqtt5Client.CONNECTION_FAILURE);
  client.start();
  const [{ error }] = (await failed) as [mqtt5.ConnectionFailureEvent];
  return String(error.error_name);
}

/** Has a message come back from the broker. */
export async function roundTrip(client: mqtt5.Mqtt5Client): Promise<void> {
  const topicName = `topic/${randomUUID()}`;
  const qos = mqtt5.QoS.AtLeastOnce;
  const came = once(client, mqtt5.Mqtt5Client.MESSAGE_RECEIVED, soon());
  await client.subscribe({ subscriptions: [{ topicFilter: topicName, qos }] });
  await client.publish({ topicName, qos, payload: "news" });
  const [{ message }] = (await came) as [mqtt5.MessageReceivedEvent];
  expect(message.topicName).toBe(topicName);
  expect(Buffer.from(message.payload as ArrayBuffer).toString()).toBe("news");
}

/** Publishes, and waits for it to come to a subscription that was made long ago. */
export async function hears(client: mqtt5.Mqtt5Client, topicName: string): Promise<void> {
  const payload = randomUUID();
  const came = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error("the client hears nothing"));
    }, LATE_MS);
    client.on("messageReceived", ({ message }) => {
      if (Buffer.from(message.payload as ArrayBuffer).toString() !== payload) return;
      clearTimeout(timer);
      resolve();
    });
  });
  await client.publish({ topicName, qos: mqtt5.QoS.AtLeastOnce, payload });
  await came;
}

/** Waits for the broker to write this of the client's last connection. */
export const writes = (clientId: string, words: string) =>
  until(() => broker.lastLineOf(clientId).includes(words));
