import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { MQTT_ENDPOINT } from "./support/mosquitto.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(() => standIn.stop());

describe("the options of mqtt()", () => {
  test.each<[object, string, RegExp]>([
    [{ endpoint: undefined }, "endpoint", /as in ID-ats\.iot/],
    [{ endpoint: "evil.example.com" }, "endpoint", /as in ID-ats\.iot/],
    [{ endpoint: "x/-ats.iot.us-east-1.amazonaws.com" }, "endpoint", /as in ID-ats\.iot/],
    [{ endpoint: "x.credentials.iot.us-east-1.amazonaws.com" }, "endpoint", /takes no MQTT/],
    [{ endpoint: `${MQTT_ENDPOINT}:443` }, "endpoint", /the option port/],
    [{ clientId: "" }, "clientId", /1 to 128 bytes/],
    [{ clientId: "ä".repeat(65) }, "clientId", /1 to 128 bytes/],
    [{ clientId: "a\0b" }, "clientId", /null characters/],
    [{ clientId: "\ud800" }, "clientId", /in UTF-8/],
    [{ transport: "tcp" }, "transport", /"x509" or "ws"/],
    [{ transport: "toString" }, "transport", /"x509" or "ws"/],
    [{ keepAlive: 4 }, "keepAlive", /from 5 to 65535; got 4/],
    [{ keepAlive: 5.5 }, "keepAlive", /a whole number/],
    [{ cleanStart: 1 }, "cleanStart", /true or false/],
    [{ useAlpn: "yes" }, "useAlpn", /true or false/],
    [{ port: 0 }, "port", /from 1 to 65535/],
    [{ region: 7 }, "region", /a string/],
    [{ region: "eu-west-1", transport: "ws" }, "region", /that of the endpoint, us-east-1/],
    [{ certificate: 7 }, "certificate", /PEM text/],
    [{ privateKey: "/nowhere" }, "privateKey", /\(ENOENT\)/],
    [{ ca: "" }, "ca", /PEM text/],
    [{ pkcs11: 7 }, "pkcs11", /an object/],
    [{ pkcs11: { pkcs11Lib: "x" }, privateKey: "x" }, "privateKey/pkcs11", /at most one/],
    [{ clientConfig: 7 }, "clientConfig", /an object/],
    [{ clientConfig: { hostName: "x" } }, "clientConfig.hostName", /is set by endpoint/],
    [
      { clientConfig: { connectProperties: { clientId: "x" } } },
      "clientConfig.connectProperties.clientId",
      /is set by clientId/,
    ],
    [{ keep_alive: 5 }, "keep_alive", /is not an option/],
  ])("%o is refused by name", (options, parameter, words) => {
    const given = { endpoint: MQTT_ENDPOINT, clientId: "me", ...options };
    const call = () => new RefreshableSession(standIn.iot).mqtt(given);
    expect(call).toThrow(words);
    expect(call).toThrow(expect.objectContaining({ code: "validation", parameter }));
  });

  test("a session of another method makes no clients", () => {
    const session = new RefreshableSession({
      method: "custom",
      customCredentialsMethod: () => expect.unreachable(),
    });
    const call = () => session.mqtt({ endpoint: MQTT_ENDPOINT, clientId: "me" });
    expect(call).toThrow('method must be "iot" for mqtt()');
  });
});
