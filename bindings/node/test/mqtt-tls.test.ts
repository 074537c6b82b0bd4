import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { mqtt5 } from "aws-iot-device-sdk-v2";
import { describe, expect, test, vi } from "vitest";
import type { IotOptions, MqttOptions } from "../src/index.js";
import { loadCrt } from "../src/platform/crt.js";
import { issue, MQTT_ENDPOINT, noMosquitto } from "./support/mosquitto.js";
import {
  beforeAndAfter,
  broker,
  clients,
  end,
  failureOf,
  hears,
  home,
  make,
  open,
  pairs,
  proxy,
  roundTrip,
  soon,
  standIn,
  start,
  writes,
} from "./support/mqtt.js";
import { LATE_MS, until } from "./support/patience.js";
import { TlsFront } from "./support/relays.js";
import { built, run } from "./support/package.js";

beforeAndAfter();

describe.skipIf(noMosquitto !== undefined)(`MQTT over TLS ${noMosquitto ?? ""}`, () => {
  test.each<[string, () => Partial<IotOptions>]>([
    ["EC", () => ({})],
    ["RSA", () => ({ ...standIn.device, thingName: undefined })],
    ["bytes", () => ({ certificate: readFileSync(standIn.iot.certificate) })],
  ])("a message comes back (%s)", async (_name, options) => {
    const before = await standIn.asked(standIn.iot.roleAlias);
    const { client, clientId } = make(open(options()));
    expect(client).toBeInstanceOf(mqtt5.Mqtt5Client);
    await start(client);
    await roundTrip(client);
    expect([...new Set(proxy.asked)]).toEqual([`${MQTT_ENDPOINT}:8883`]);
    await writes(clientId, `(p5, c1, k60, u'${standIn.device.thingName}')`);
    // no credentials are needed for this
    expect(await standIn.asked(standIn.iot.roleAlias)).toEqual(before);
  });

  test("options go before what the session has", async () => {
    const { certificate, privateKey } = standIn.iot;
    const { client, clientId } = make(open({ ...standIn.device }), {
      certificate: readFileSync(certificate, "utf8"),
      privateKey,
      keepAlive: 5,
      cleanStart: false,
      region: "elsewhere", // there is nothing to sign
    });
    await start(client);
    await roundTrip(client);
    await writes(clientId, "c0, k5");
  });

  test("what a client left is kept for it without cleanStart", async () => {
    const session = open();
    const clientId = `client-${randomUUID()}`;
    const { client } = make(session, { clientId, cleanStart: false });
    await start(client);
    await client.subscribe({
      subscriptions: [{ topicFilter: "kept", qos: mqtt5.QoS.AtLeastOnce }],
    });
    await end(clients.pop() ?? client);
    const again = make(session, { clientId, cleanStart: false }).client;
    const connected = once(again, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, soon());
    again.start();
    const [{ settings }] = (await connected) as [mqtt5.ConnectionSuccessEvent];
    expect(settings).toMatchObject({ rejoinedSession: true, sessionExpiryInterval: 3600 });
  });

  test("clientConfig sets the rest", async () => {
    const will = { topicName: "will", qos: mqtt5.QoS.AtMostOnce };
    const { client, clientId } = make(open(), {
      clientConfig: { connectProperties: { will } as mqtt5.ConnectPacket },
    });
    await start(client);
    await until(() => /Will message specified .* \(r0, q0\)/.test(broker.log()));
    await writes(clientId, "k60");
  });

  test("a client that the broker does not know is refused", async () => {
    const { certificate, privateKey } = issue(home, "stranger", "stranger");
    const { client, clientId } = make(open(), { certificate, privateKey });
    expect(await failureOf(client)).toMatch(/^AWS_/);
    expect(broker.lineOf(clientId)).toBe("");
  });

  // whatever verifyPeer says for the session: no stranger is to get a signature. The
  // runtime keeps a failed handshake to itself for up to half a minute
  test("a broker that nobody vouches for is refused", async () => {
    const { ca } = issue(home, "another", "another");
    const session = open({ verifyPeer: false });
    const clientConfig = {
      ...{ minReconnectDelayMs: 90_000, maxReconnectDelayMs: 90_000 },
      retryJitterMode: mqtt5.RetryJitterType.None,
    };
    const elsewhere = "another-ats.iot.us-east-1.amazonaws.com";
    const names = await Promise.all(
      [{ ca }, { ca, transport: "ws" as const }, { endpoint: elsewhere }].map((options) =>
        failureOf(make(session, { ...options, clientConfig }).client),
      ),
    );
    expect(new Set(names)).toEqual(new Set(["AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"]));
  });

  test.each<[Partial<MqttOptions>, number, string | false]>([
    [{ useAlpn: true }, 443, "x-amzn-mqtt-ca"],
    [{ useAlpn: true, port: 8883 }, 8883, "x-amzn-mqtt-ca"],
    [{ port: 443 }, 443, "x-amzn-mqtt-ca"],
    [{}, 8883, false],
  ])("%o: port %d, protocol %s", async (options, port, protocol) => {
    // mosquitto knows nothing of ALPN, so that another server stands before it
    const front = await TlsFront.start(broker, standIn.iot);
    proxy.ports[443] = proxy.ports[8883] = front.relay.port;
    const { client } = make(open(), options);
    await start(client);
    await roundTrip(client);
    expect([...new Set(proxy.asked)]).toEqual([`${MQTT_ENDPOINT}:${port}`]);
    expect(front.protocols).toEqual([protocol]);
    expect(front.names).toEqual([MQTT_ENDPOINT]);
    await front.relay.close();
  });

  test("a client outlives its session, and connects again", async () => {
    const session = open();
    const { client } = make(session);
    await start(client);
    session.close();
    await roundTrip(client);
    proxy.relay.dropAll();
    await once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, soon());
    await roundTrip(client);
    expect(() => make(session)).toThrow("closed");
  });

  const again = (client: mqtt5.Mqtt5Client) =>
    once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, { signal: AbortSignal.timeout(LATE_MS) });

  // ./task devices has more of them
  test.each(["x509", "ws"] as const)(
    "%s: caller A subscribes once; the network cuts A off, again and again; the broker starts anew: A hears each message after that",
    async (transport) => {
      const front = await TlsFront.start(broker);
      proxy.ports[443] = front.relay.port;
      const { client } = make(open(), { transport });
      await start(client);
      const topicName = `kept/${randomUUID()}`;
      const qos = mqtt5.QoS.AtLeastOnce;
      await client.subscribe({ subscriptions: [{ topicFilter: topicName, qos }] });
      await hears(client, topicName);
      for (let cut = 0; cut < Number(process.env["EVERCREDS_CUTS"] ?? 3); cut++) {
        const connected = again(client);
        proxy.relay.dropAll();
        await connected;
        await hears(client, topicName);
      }
      const connected = again(client);
      await broker.restart();
      await connected;
      await hears(client, topicName);
      await client.unsubscribe({ topicFilters: [topicName] });
      await front.relay.close();
    },
    600_000,
  );

  test("caller A connects; the certificate is replaced; the network cuts A off: A comes back with the new one, and hears", async () => {
    const [certificate, privateKey] = [path.join(home, "r.pem"), path.join(home, "rk.pem")];
    const place = (from: { certificate: string; privateKey: string }) => {
      copyFileSync(from.certificate, certificate);
      copyFileSync(from.privateKey, privateKey);
    };
    place(pairs.old);
    const { client, clientId } = make(open({ certificate, privateKey }));
    await start(client);
    const topicName = `kept/${randomUUID()}`;
    const qos = mqtt5.QoS.AtLeastOnce;
    await client.subscribe({ subscriptions: [{ topicFilter: topicName, qos }] });
    expect(client).toBeInstanceOf(mqtt5.Mqtt5Client);
    for (const [pair, name] of [
      [pairs.new, "new"],
      [pairs.old, "old"],
    ] as const) {
      place(pair);
      const connected = again(client);
      proxy.relay.dropAll();
      // what is on its way goes over to the client that comes after
      const sent = client.publish({ topicName: "any", qos, payload: "on its way" });
      await connected;
      await hears(client, topicName);
      await sent;
      await writes(clientId, `u'${name}'`);
    }
  });

  test("the clients of a session share a context", () => {
    const { io } = loadCrt();
    let made = 0;
    const counted = new Proxy(io.ClientTlsContext, {
      construct(target, given, as) {
        made++;
        return Reflect.construct(target, given, as) as object;
      },
    });
    vi.spyOn(io, "ClientTlsContext", "get").mockReturnValue(counted);
    const session = open({ ca: broker.ca });
    for (let turn = 0; turn < 3; turn++) {
      const clientId = `client-${turn}`;
      session.mqtt({ endpoint: MQTT_ENDPOINT, clientId }).close();
    }
    expect(made).toBe(1);
  });

  test("the process ends by itself once a client is stopped, closed and collected", async () => {
    const options = { ...standIn.iot };
    const mqtt = { endpoint: MQTT_ENDPOINT, clientId: "child", ca: broker.ca };
    const text = `
      import { once } from "node:events";
      import { createRequire } from "node:module";
      import { RefreshableSession } from ${JSON.stringify(built)};
      const { http } = createRequire(${JSON.stringify(built)})("aws-iot-device-sdk-v2");
      const session = new RefreshableSession(${JSON.stringify(options)});
      const httpProxyOptions = new http.HttpProxyOptions("127.0.0.1", ${proxy.relay.port});
      const client = session.mqtt({ ...${JSON.stringify(mqtt)}, clientConfig: { httpProxyOptions } });
      const connected = once(client, "connectionSuccess");
      client.start();
      await connected;
      const stopped = once(client, "stopped");
      client.stop();
      await stopped;
      client.close();
      console.log("stopped");
      setInterval(gc, 100).unref();`;
    // The SDK lets go of a client when V8 collects it. An idle process with Node 24 or newer may
    // never do that, be the client ours or the SDK's own: what is ours to prove is that it can.
    const args = ["--expose-gc", "--input-type=module", "--eval", text];
    const { stdout } = await run(process.execPath, args, { timeout: LATE_MS });
    expect(stdout.trim()).toBe("stopped");
  });
});
