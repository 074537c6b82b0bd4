import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { Handshake } from "./tls-handshake.js";

export const LOOPBACK = "127.0.0.1";

/**
 * Stands between the AWS runtime and a server, and keeps a connection open until a request
 * has begun on it. The runtime's binding frees a request twice that it cannot begin, since
 * the connection is closed, and so ends the process. It tells nobody whether one is open.
 * And by TLS 1.3 a server refuses a device after the device's own end of the handshake.
 *
 * So what the server says after the handshake, and that it goes, waits here. It is the
 * thread of the request that lets it pass.
 */
export class Relay {
  /** Rejects when the server has gone before a request could begin. */
  readonly lost: Promise<never>;
  #lose: (error: Error) => void = () => undefined;
  readonly #server: net.Socket;
  readonly #door = net.createServer().unref();
  readonly #handshake = new Handshake();
  #client: net.Socket | undefined;
  #begun = false;

  constructor(host: string, port: number) {
    this.#server = net.connect({ host, port, noDelay: true }).unref();
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => undefined); // maybe nobody waits for it
    this.#server.on("error", (error) => {
      this.#fail(error);
    });
    this.#server.once("end", () => {
      if (!this.#handshake.done) this.#fail(resetError());
    });
    this.#server.once("close", () => {
      if (this.#begun) this.#end();
    });
  }

  /** Connects to the server, and gives the port for the one connection to it. */
  async open(): Promise<number> {
    await once(this.#server, "connect");
    if (this.#server.destroyed) throw resetError();
    this.#door.on("connection", (socket) => {
      if (this.#client === undefined) this.#join(socket);
      else socket.destroy();
    });
    this.#door.listen(0, LOOPBACK);
    await once(this.#door, "listening");
    return (this.#door.address() as AddressInfo).port;
  }

  /** Lets everything pass, as a request has begun. */
  begun(): void {
    if (this.#client === undefined) return;
    this.#begun = true;
    this.#server.removeAllListeners("data");
    this.#server.pipe(this.#client);
    if (this.#server.destroyed) this.#end();
  }

  close(): void {
    this.#door.close();
    this.#client?.destroy();
    this.#server.destroy();
  }

  #join(client: net.Socket): void {
    this.#door.close();
    this.#client = client.unref().setNoDelay();
    client.on("error", () => undefined); // the runtime knows
    client.once("end", () => this.#server.end());
    client.once("close", () => this.#server.destroy());
    client.on("data", (chunk) => {
      if (!this.#begun) this.#handshake.fromClient(chunk);
      this.#server.write(chunk);
      this.#hold();
    });
    this.#server.on("data", (chunk) => {
      const needed = this.#handshake.fromServer(chunk);
      client.write(chunk.subarray(0, needed));
      this.#hold();
      if (needed < chunk.length) this.#server.unshift(chunk.subarray(needed));
    });
  }

  #hold(): void {
    if (this.#begun || !this.#handshake.held) return;
    this.#server.pause();
    if (!this.#handshake.done) this.#fail(resetError()); // an alert amid the handshake
  }

  /** If the runtime has left before the server did, it knows better why. */
  #fail(error: Error): void {
    if (!this.#client?.readableEnded && !this.#client?.destroyed) this.#lose(error);
  }

  #end(): void {
    if (this.#server.readableEnded) this.#client?.end();
    else this.#client?.destroy();
  }
}

/** As Node says it of its own connections. */
function resetError(): Error {
  const words = "the server closed the connection before the TLS handshake was over";
  return Object.assign(new Error(words), { code: "ECONNRESET" });
}
