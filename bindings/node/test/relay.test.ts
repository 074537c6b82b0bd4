import { once } from "node:events";
import { readFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Relay } from "../src/platform/crt-relay.js";
import { Handshake } from "../src/platform/tls-handshake.js";
import { StandIn } from "./support/stand-in.js";

/** Servers whose handshakes differ in what the client needs of them at its end. */
const HANDSHAKES: [string, tls.TlsOptions][] = [
  ["TLS 1.2", { maxVersion: "TLSv1.2" }],
  ["TLS 1.2 without tickets", { maxVersion: "TLSv1.2", secureOptions: 1 << 14 }],
  ["TLS 1.2, CBC", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }],
  ["TLS 1.3", { minVersion: "TLSv1.3" }],
  ["TLS 1.3, HelloRetryRequest", { minVersion: "TLSv1.3", ecdhCurve: "P-384" }],
];
const BODY = "x".repeat(1 << 20);

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(() => standIn.stop());

/** A server that does this with each connection as soon as it is there; gives its port. */
async function serve(options: tls.TlsOptions, then: (socket: tls.TLSSocket) => void) {
  const { certificate, privateKey } = standIn.iot;
  const files = { cert: readFileSync(certificate), key: readFileSync(privateKey) };
  const server = tls.createServer({ ...files, ...options }, then);
  server.on("tlsClientError", () => undefined);
  return listen(server);
}

async function listen(server: net.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function relayTo(port: number) {
  const relay = new Relay("127.0.0.1", port);
  onTestFinished(() => {
    relay.close();
  });
  return { relay, port: await relay.open() };
}

async function shakeHands(port: number): Promise<tls.TLSSocket> {
  const client = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(client, "secureConnect");
  return client;
}

describe.each(HANDSHAKES)("%s", (_, options) => {
  test.each<[string, (socket: tls.TLSSocket) => void]>([
    ["says goodbye", (socket) => socket.end()],
    ["speaks and goes", (socket) => socket.end("unasked")],
    ["is gone", (socket) => setImmediate(() => socket.destroy())], // its Finished is out
  ])(
    "the server %s after the handshake: the client learns it once it has begun",
    async (_, then) => {
      let isGone = false;
      const port = await serve(options, (socket) => {
        socket.on("error", () => undefined);
        then(socket);
        isGone = true;
      });
      const { relay, port: relayPort } = await relayTo(port);
      const client = await shakeHands(relayPort);
      let isToldOf = false;
      for (const name of ["data", "end", "error", "close"]) {
        client.on(name, () => (isToldOf = true));
      }
      await expect.poll(() => isGone).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 50)); // too short can only hide a fault
      expect(isToldOf).toBe(false);
      const closed = new Promise((resolve) => client.once("close", resolve));
      relay.begun();
      await closed;
    },
  );

  test("what both say after the beginning arrives whole", async () => {
    const port = await serve(options, (socket) => {
      socket.once("data", () => socket.end(BODY));
    });
    const { relay, port: relayPort } = await relayTo(port);
    const client = await shakeHands(relayPort);
    client.write("GET");
    relay.begun();
    let size = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).toBe(BODY.length);
  });

  test("in whatever pieces it comes, the same bytes are needed", async () => {
    const port = await serve(options, (socket) => socket.end());
    const said: ["fromClient" | "fromServer", Buffer][] = [];
    const between = net.createServer((client) => {
      const server = net.connect(port, "127.0.0.1");
      client.on("data", (chunk) => said.push(["fromClient", chunk])).pipe(server);
      server.on("data", (chunk) => said.push(["fromServer", chunk])).pipe(client);
      for (const socket of [client, server]) socket.on("error", () => undefined);
    });
    const client = await shakeHands(await listen(between));
    client.end().resume();
    await once(client, "close");
    const needed = (pieces: (chunk: Buffer) => Buffer[]) => {
      const handshake = new Handshake();
      let sum = 0;
      for (const [from, chunk] of said) {
        for (const piece of pieces(chunk)) sum += handshake[from](piece) ?? 0;
      }
      expect(handshake.held).toBe(true);
      expect(handshake.done).toBe(true);
      return sum;
    };
    const whole = needed((chunk) => [chunk]);
    expect(needed((chunk) => Array.from(chunk, (byte) => Buffer.of(byte)))).toBe(whole);
  });
});

test("nobody listens", async () => {
  const relay = new Relay("127.0.0.1", 1);
  await expect(relay.open()).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("the server goes before the end of the handshake", async () => {
  const port = await listen(net.createServer((socket) => socket.end()));
  const { relay, port: relayPort } = await relayTo(port);
  const client = net.connect(relayPort, "127.0.0.1");
  await expect(relay.lost).rejects.toMatchObject({ code: "ECONNRESET" });
  client.destroy();
});

test("one connection is taken, and nothing is left of it", async () => {
  let accepted: net.Socket | undefined;
  const port = await listen(net.createServer((socket) => (accepted = socket.resume())));
  const { relay, port: relayPort } = await relayTo(port);
  const client = net.connect(relayPort, "127.0.0.1").resume();
  client.write("hello");
  await once(client, "connect");
  await expect.poll(() => accepted?.bytesRead).toBe(5);
  const other = net.connect(relayPort, "127.0.0.1");
  await expect(once(other, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const ends = [once(client, "close"), once(accepted ?? other, "close")];
  relay.close();
  await Promise.all(ends);
});
