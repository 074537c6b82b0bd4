import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mqtt5 } from "aws-iot-device-sdk-v2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { MQTT_ENDPOINT, noMosquitto } from "./support/mosquitto.js";
import {
  beforeAndAfter,
  broker,
  failureOf,
  make,
  open,
  proxy,
  roundTrip,
  soon,
  standIn,
  start,
} from "./support/mqtt.js";
import { until } from "./support/patience.js";
import { TlsFront } from "./support/relays.js";

beforeAndAfter();

describe.skipIf(noMosquitto !== undefined)(`MQTT over WebSockets ${noMosquitto ?? ""}`, () => {
  let front: TlsFront;
  beforeEach(async () => {
    front = await TlsFront.start(broker);
    proxy.ports[443] = front.relay.port;
  });
  afterEach(() => front.relay.close());

  const ws = (session: RefreshableSession) => make(session, { transport: "ws" }).client;

  // defect X8: there it always fails
  test("a message comes back, and the request was signed", async () => {
    const session = open();
    const client = ws(session);
    await start(client);
    await roundTrip(client);
    expect([...new Set(proxy.asked)]).toEqual([`${MQTT_ENDPOINT}:443`]);
    expect(front.protocols).toEqual(["http/1.1"]);
    const [head = ""] = front.heads;
    expect(head.toLowerCase()).toContain(`\r\nhost: ${MQTT_ENDPOINT}\r\n`);
    const set = await session.credentials();
    const query = queryOf(head);
    const date = query.get("X-Amz-Date") ?? "";
    const scope = `${date.slice(0, 8)}/us-east-1/iotdevicegateway/aws4_request`;
    expect(Object.fromEntries(query)).toMatchObject({
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-SignedHeaders": "host",
      "X-Amz-Security-Token": set.sessionToken,
      "X-Amz-Credential": `${set.accessKeyId}/${scope}`,
      "X-Amz-Signature": signatureOf(query, set.secretAccessKey),
    });
    expect(query.get("X-Amz-Signature")).not.toBe(signatureOf(query, "another key"));
  });

  test.each(["refresh", "invalidate"] as const)(
    "a reconnect after %s is signed with the set of that time",
    async (change) => {
      const session = open();
      const client = ws(session);
      await start(client);
      const first = await session.credentials();
      await session[change]();
      const connected = once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, soon());
      proxy.relay.dropAll();
      await connected;
      await roundTrip(client);
      const second = await session.credentials();
      expect(second.accessKeyId).not.toBe(first.accessKeyId);
      const keys = front.heads.map(
        (head) => queryOf(head).get("X-Amz-Credential")?.split("/", 1)[0],
      );
      expect(keys).toEqual([first.accessKeyId, second.accessKeyId]);
      const query = queryOf(front.heads[1] ?? "");
      expect(query.get("X-Amz-Signature")).toBe(signatureOf(query, second.secretAccessKey));
    },
  );

  test("without credentials the session tells why, and the client tries again", async () => {
    await standIn.inject({ kind: "http", status: 503, alias: standIn.iot.roleAlias });
    const session = open();
    const warnings: string[] = [];
    const failures: string[] = [];
    session.on("warning", ({ message }) => warnings.push(message));
    session.on("failure", ({ error }) => failures.push(error.message));
    const client = ws(session);
    expect(await failureOf(client)).toMatch(/^AWS_/);
    expect(warnings[0]).toBe("a handshake of MQTT over WebSockets could not be signed (source)");
    expect(failures[0]).toContain("answered 503");
    const connected = once(client, mqtt5.Mqtt5Client.CONNECTION_SUCCESS, soon());
    await standIn.clearFaults();
    await until(() => {
      session.refresh().catch(() => undefined);
      return session.status().phase === "fresh";
    });
    await connected;
    await roundTrip(client);
  });

  test("a refused handshake is an error of the client's", async () => {
    front.refuses = true;
    expect(await failureOf(ws(open()))).toContain("UPGRADE_FAILURE");
  });

  test("A stops and starts again at once: a message comes back", async () => {
    const client = ws(open());
    await start(client);
    client.stop();
    await start(client);
    await roundTrip(client);
  });

  test("a closed session signs nothing more", async () => {
    const session = open();
    const client = ws(session);
    session.close();
    await failureOf(client);
    expect(front.heads).toEqual([]);
  });

  test("what is called for a message may need fresh credentials", async () => {
    const session = open();
    const client = ws(session);
    await start(client);
    const refreshed = new Promise((resolve) => {
      client.on("messageReceived", () => {
        resolve(session.refresh());
      });
    });
    await roundTrip(client);
    await expect(refreshed).resolves.toHaveProperty("sessionToken");
  });
});

/** The parameters of a request. */
function queryOf(head: string): URLSearchParams {
  const target = head.split(" ")[1] ?? "";
  expect(target).toMatch(/^\/mqtt\?/);
  return new URLSearchParams(target.slice(target.indexOf("?")));
}

/** Signs the request again, as AWS IoT checks it: without the session token. */
function signatureOf(query: URLSearchParams, secretKey: string): string {
  const [, date = "", region = "", service = "", terminator = ""] = (
    query.get("X-Amz-Credential") ?? ""
  ).split("/");
  const canonicalQuery = [...query]
    .filter(([name]) => name !== "X-Amz-Signature" && name !== "X-Amz-Security-Token")
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join("&");
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const request = ["GET", "/mqtt", canonicalQuery, `host:${MQTT_ENDPOINT}`, "", "host", hash("")];
  const scope = [date, region, service, terminator].join("/");
  const toSign = ["AWS4-HMAC-SHA256", query.get("X-Amz-Date"), scope, hash(request.join("\n"))];
  let key: Buffer | string = `AWS4${secretKey}`;
  for (const part of [date, region, service, terminator]) {
    key = createHmac("sha256", key).update(part).digest();
  }
  return createHmac("sha256", key).update(toSign.join("\n")).digest("hex");
}
