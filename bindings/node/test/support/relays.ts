import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import * as tls from "node:tls";
import type { Duplex } from "node:stream";
import { type Broker, MQTT_ENDPOINT } from "./mosquitto.js";

/** Listens on loopback, and can cut all its connections off. */
class Relay {
  readonly #open = new Set<Duplex>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    // also of who has not said yet where to: close() waits for all
    server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections off, as a network does that goes away. */
  dropAll(): void {
    for (const end of this.#open) end.destroy();
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Passes on what comes, both ways, until one side ends. */
  join(one: Duplex, other: Duplex): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#open.add(from);
      from.on("error", () => undefined); // a connection that was cut off
      from.once("close", () => {
        this.#open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

/** An HTTP proxy for CONNECT, which sends every name to loopback. */
export class ConnectProxy {
  readonly asked: string[] = [];

  private constructor(
    readonly relay: Relay,
    /** The port on loopback for each port that may be asked for. */
    readonly ports: Record<number, number>,
  ) {}

  static async start(ports: Record<number, number>): Promise<ConnectProxy> {
    const server = createServer((socket) => {
      void serve(socket);
    });
    const proxy = new ConnectProxy(new Relay(server), ports);
    const serve = async (socket: Socket) => {
      const target = (await readHead(socket)).split(" ")[1] ?? "";
      proxy.asked.push(target);
      const other = connect(proxy.ports[Number(target.split(":")[1])] ?? 1, "127.0.0.1");
      other.once("connect", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      proxy.relay.join(socket, other);
    };
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }
}

/** Stands before the broker, and writes down what its clients ask for. */
export class TlsFront {
  /** The requests that connections began with. */
  readonly heads: string[] = [];
  readonly names: string[] = [];
  readonly protocols: (string | false | null)[] = [];
  /** Answers requests with a refusal. */
  refuses = false;

  private constructor(readonly relay: Relay) {}

  /** @param pair what it shows to the broker; undefined: it speaks WebSockets with it */
  static async start(
    broker: Broker,
    pair?: { certificate: string; privateKey: string },
  ): Promise<TlsFront> {
    const server = tls.createServer({
      cert: readFileSync(broker.certificate),
      key: readFileSync(broker.privateKey),
      ca: readFileSync(broker.clientCa),
      requestCert: pair !== undefined,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1", "x-amzn-mqtt-ca"],
    });
    const front = new TlsFront(new Relay(server));
    const onward = () =>
      tls.connect({
        port: pair === undefined ? broker.websocketPort : broker.tlsPort,
        host: "127.0.0.1",
        servername: MQTT_ENDPOINT,
        ca: readFileSync(broker.ca),
        ...(pair && { cert: readFileSync(pair.certificate), key: readFileSync(pair.privateKey) }),
      });
    const serve = async (socket: tls.TLSSocket) => {
      const { alpnProtocol } = socket; // once it has ended it knows no more
      const name = String((socket as { servername?: unknown }).servername);
      const head = pair === undefined ? await readHead(socket) : "";
      if (head === "" && !(await saysSomething(socket))) return; // who only looks
      front.names.push(name);
      front.protocols.push(alpnProtocol);
      front.heads.push(head);
      if (front.refuses) {
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      const other = onward();
      other.write(head);
      front.relay.join(socket, other);
    };
    server.on("secureConnection", (socket) => {
      void serve(socket);
    });
    server.on("tlsClientError", () => undefined); // a client that gives up
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return front;
  }
}

/** Whether something comes, before the end. */
async function saysSomething(socket: Duplex): Promise<boolean> {
  socket.on("error", () => undefined);
  for (;;) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) socket.unshift(byte);
    if (byte !== null || socket.destroyed) return byte !== null;
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}

/** Reads a request to the end of its headers. */
async function readHead(socket: Duplex): Promise<string> {
  let head = "";
  socket.on("error", () => undefined);
  while (!head.endsWith("\r\n\r\n")) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) head += byte.toString("latin1");
    else if (socket.destroyed) return head;
    else await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
  return head;
}
