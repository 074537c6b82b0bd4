import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { inspect } from "node:util";
import { mqtt5 } from "aws-iot-device-sdk-v2";
import { describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { noMosquitto } from "./support/mosquitto.js";
import {
  beforeAndAfter,
  hears,
  make,
  open,
  proxy,
  roundTrip,
  standIn,
  start,
  writes,
} from "./support/mqtt.js";
import { LATE_MS } from "./support/patience.js";
import { module, noSoftHsm, PIN, tokenSession } from "./support/softhsm.js";

beforeAndAfter();

describe.skipIf((noMosquitto ?? noSoftHsm) !== undefined)(
  `MQTT with a key in a PKCS#11 token ${noMosquitto ?? noSoftHsm ?? ""}`,
  () => {
    test.each(["ec", "rsa"] as const)("%s: the session's", async (key) => {
      const { client, clientId } = make(new RefreshableSession(tokenSession(standIn, key)));
      await start(client);
      await roundTrip(client);
      await writes(clientId, `u'${standIn.device.thingName}'`);
      expect(inspect(client, { depth: Infinity, showHidden: true })).not.toContain(PIN);
    });

    test("caller A subscribes; the token is taken out for a moment; the network cuts A off: A logs in anew, and hears", async () => {
      const { client } = make(new RefreshableSession(tokenSession(standIn, "ec")));
      await start(client);
      const topicFilter = `kept/${randomUUID()}`;
      const qos = mqtt5.QoS.AtLeastOnce;
      await client.subscribe({ subscriptions: [{ topicFilter, qos }] });
      module.put("pulls", "x");
      const connected = once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, {
        signal: AbortSignal.timeout(LATE_MS),
      });
      proxy.relay.dropAll();
      await connected;
      await hears(client, topicFilter);
    });

    test("one of its own", async () => {
      const { certificate, pkcs11 } = tokenSession(standIn, "rsa");
      const { client } = make(open(), { certificate, pkcs11 });
      await start(client);
      await roundTrip(client);
    });

    test("one that does not fit is told by name", () => {
      const { certificate, pkcs11 } = tokenSession(standIn, "rsa");
      const options = { certificate, pkcs11: { ...pkcs11, privateKeyLabel: "nobody" } };
      const call = () => make(open(), options);
      expect(call).toThrow(/one private key .*NOT_FOUND/);
      expect(call).toThrow(
        expect.objectContaining({ code: "configuration", parameter: "pkcs11.privateKeyLabel" }),
      );
    });
  },
);
