// The table of TLS servers for MQTT, in a process of its own.
import { once } from "node:events";
import { http, type mqtt5 } from "aws-iot-device-sdk-v2";
import { describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { MQTT_ENDPOINT } from "./support/mosquitto.js";
import { LATE_MS } from "./support/patience.js";
import { ConnectProxy } from "./support/relays.js";
import { noSoftHsm, tokenSession } from "./support/softhsm.js";
import type { TlsServer } from "./support/stand-in.js";
import { TLS_TABLE, useTlsServers } from "./support/tls-table.js";

const servers = useTlsServers();

/** How a client for MQTT fails at a server of the table; none of them speaks MQTT. */
async function brokerVerdict(row: TlsServer, session: RefreshableSession): Promise<void> {
  const proxy = await ConnectProxy.start({ 8883: servers.portOf(row.name) });
  const client = session.mqtt({
    endpoint: MQTT_ENDPOINT,
    clientId: "me",
    clientConfig: {
      httpProxyOptions: new http.HttpProxyOptions("127.0.0.1", proxy.relay.port),
      // good servers, which wait for HTTP, say nothing
      ...{ minReconnectDelayMs: 100, maxReconnectDelayMs: 100, connackTimeoutMs: 1000 },
    },
  });
  const from = performance.now();
  const failed = once(client, "connectionFailure") as Promise<[mqtt5.ConnectionFailureEvent]>;
  const connected = once(client, "connectionSuccess").then(() => expect.unreachable());
  client.start();
  const [{ error }] = await Promise.race([failed, connected]);
  const { message } = error as unknown as Error;
  expect(performance.now() - from).toBeLessThan(LATE_MS);
  const name = String(error.error_name);
  if (row.reason === "certificate") {
    expect(name).toBe("AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE");
    expect(message).toMatch(/the server's certificate is not to be trusted \(\w+\)/);
  } else {
    expect(message).not.toContain("not to be trusted");
  }
  if (row.expected === "accepted") expect(name).toMatch(/MQTT/);
  if (/tls-1.[01]/.test(row.name)) expect(name).toMatch(/TLS/);
  const stopped = once(client, "stopped");
  client.stop();
  await stopped;
  client.close();
  await proxy.relay.close();
}

describe("TLS servers, good and bad, as brokers", () => {
  // the runtime's own time-outs end a silent one, after ten seconds and more
  const brokers = TLS_TABLE.filter(({ name }) => name !== "silent");

  test.each(brokers)("$name, for MQTT: $expected $reason", (row) =>
    brokerVerdict(row, new RefreshableSession(servers.standIn.iot)),
  );

  test.skipIf(noSoftHsm !== undefined).each(brokers)(
    "$name, for MQTT with a key in a token: $expected $reason",
    (row) => brokerVerdict(row, new RefreshableSession(tokenSession(servers.standIn, "ec"))),
  );
});
