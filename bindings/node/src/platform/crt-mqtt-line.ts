import type { mqtt5 } from "aws-iot-device-sdk-v2";
import { errorName, untrustedServer } from "./crt.js";
import { type Look, ServerGate } from "./crt-mqtt-gate.js";
import { MqttIdentity, type Identified } from "./crt-mqtt-identity.js";
import { LONGEST_STOP_MS, Stop } from "./crt-mqtt-stop.js";
import { Operations } from "./crt-operations.js";
import { Subscriptions } from "./crt-subscriptions.js";
import type { Found } from "./crt-tls.js";
import type { TlsMaterial } from "./types.js";

type Client = mqtt5.Mqtt5Client;
type Emit = (event: string, ...given: unknown[]) => void;

/** How a line makes its clients, and keeps them from servers. */
interface LineParts {
  /** Makes a client of the SDK's with a context. */
  make: (context: Found["context"]) => Client;
  /** Looks at the broker as it would be connected to now. */
  look: Look;
  /** How long to wait after so many brokers in a row that were not to be trusted. */
  pauseMs: (refusals: number) => number;
}

/**
 * The clients that stand, one after the other, behind one of the user's. The SDK's
 * keeps the certificate with which it was made. So whenever it is about to connect, or
 * has failed to, the files are looked at, and another takes its place if they have
 * changed, or the token was lost. Operations go over to it, and subscriptions are made
 * again wherever the broker has forgotten them. None connects to a broker that is not
 * to be trusted.
 */
export class MqttLine {
  #client: Client | undefined;
  readonly #parts: LineParts;
  readonly #identity: MqttIdentity;
  readonly #subscriptions: Subscriptions;
  readonly #operations = new Operations(() => this.client);
  readonly #gate: ServerGate;
  readonly #stop = new Stop();
  #emit: Emit = () => undefined;
  #isRunning = false;
  /** The client of now was started, and not stopped since. */
  #hasBegun = false;
  /** Native code has the client: no other can take its place. */
  #isPinned = false;
  #isChanging = false;

  constructor(material: TlsMaterial, found: Found, parts: LineParts, user: Identified) {
    this.#parts = parts;
    this.#identity = new MqttIdentity(user, material, found);
    this.#subscriptions = new Subscriptions(user.warn);
    this.#gate = new ServerGate(parts.look, parts.pauseMs);
    this.#client = parts.make(found.context);
  }

  /** The client of now. */
  get client(): Client {
    if (this.#client === undefined) throw new Error("the client is closed");
    return this.#client;
  }

  /** Called once, with where events go to. */
  begin(emit: Emit): void {
    this.#emit = emit;
    this.#follow(this.client);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    if (this.#isChanging) return;
    const found = this.#operations.isIdle ? this.#identity.changed(this.#isPinned) : undefined;
    if (found !== undefined) {
      const old = this.client;
      if (this.#take(found)) {
        this.#cutStop();
        old.close();
      }
    }
    this.#open();
  }

  stop(packet?: mqtt5.DisconnectPacket): void {
    const wasRunning = this.#isRunning;
    this.#isRunning = false;
    if (this.#isChanging) return;
    this.#gate.close();
    this.#stop.drop();
    if (this.#hasBegun) {
      this.#hasBegun = false;
      this.client.stop(packet);
      this.#stop.begin(() => {
        this.#ended({});
      });
    } else if (wasRunning && !this.#stop.isUnderWay) {
      // the SDK's client, which has not begun, would tell nothing
      process.nextTick(this.#emit, "stopped", {});
    }
  }

  close(): void {
    this.#isRunning = false;
    this.#gate.close();
    this.#stop.forget();
    this.#identity.leave();
    this.#client?.close();
    // the SDK lets go of it when V8 has collected it, and the process cannot end before
    this.#client = undefined;
    this.#operations.end();
  }

  /** The handle of the client of now, which has to stay then. */
  pin(): unknown {
    this.#isPinned = true;
    return (this.client as unknown as { native_handle: () => unknown }).native_handle();
  }

  async subscribe(packet: mqtt5.SubscribePacket): Promise<mqtt5.SubackPacket> {
    const reply = await this.#operations.carry((client) => client.subscribe(packet));
    this.#subscriptions.add(packet, reply);
    return reply;
  }

  async unsubscribe(packet: mqtt5.UnsubscribePacket): Promise<mqtt5.UnsubackPacket> {
    const reply = await this.#operations.carry((client) => client.unsubscribe(packet));
    this.#subscriptions.remove(packet);
    return reply;
  }

  publish(packet: mqtt5.PublishPacket): Promise<mqtt5.PublishCompletionResult> {
    return this.#operations.carry((client) => client.publish(packet));
  }

  /** Starts the client of now at a broker that can be trusted. */
  #open(): void {
    const { client } = this;
    this.#gate.open(
      () => {
        this.#stop.after(() => {
          if (!this.#isRunning || this.#client !== client) return;
          this.#hasBegun = true;
          client.start();
        });
      },
      (code) => {
        this.#emit("attemptingConnect", {});
        this.#emit("connectionFailure", { error: untrustedServer(code) });
        if (this.#isRunning && !this.#isChanging) this.#open();
      },
    );
  }

  #follow(client: Client): void {
    const on = (name: string, handle: (event: unknown) => void) => {
      const mine = (event: unknown) => {
        if (this.#client === client && !this.#isChanging) handle(event);
      };
      // by its own types only for names that are literals
      (client.on as (name: string, listener: (event: unknown) => void) => unknown).call(
        client,
        name,
        mine,
      );
    };
    const tell = (name: string, event: unknown) => {
      this.#subscriptions.settle();
      this.#emit(name, event);
    };
    on("messageReceived", (event) => {
      this.#gate.pass(() => {
        tell("messageReceived", event);
      });
    });
    on("error", (event) => {
      tell("error", event);
    });
    // The SDK has a queue for each kind of event: on a busy machine this may come before
    // the failure of the last attempt, and waits for nothing.
    on("stopped", (event) => {
      this.#ended(event);
    });
    on("attemptingConnect", (event) => {
      this.#identity.enter();
      this.#emit("attemptingConnect", event);
      if (this.#isRunning) this.#lookBeside();
      this.#look();
    });
    on("connectionSuccess", (event) => {
      this.#identity.leave();
      const { settings } = event as mqtt5.ConnectionSuccessEvent;
      this.#gate.pass(() => {
        this.#subscriptions.connected(client, settings.rejoinedSession, () => {
          this.#emit("connectionSuccess", event);
        });
      });
    });
    on("disconnection", (event) => {
      // of a connection that nobody was told of
      tell(this.#gate.ended() ? "connectionFailure" : "disconnection", event);
      this.#look();
    });
    on("connectionFailure", (event) => {
      this.#gate.ended();
      this.#identity.failed(errorName((event as mqtt5.ConnectionFailureEvent).error));
      this.#emit("connectionFailure", event);
      this.#look();
    });
  }

  /** The stop that the user has asked for has come to its end. */
  #ended(event: unknown): void {
    this.#stop.end(() => {
      this.#gate.ended();
      this.#subscriptions.settle();
      this.#emit("stopped", event);
    });
  }

  /** Another client takes the place of the one that was to stop: that is its end. */
  #cutStop(): void {
    if (!this.#stop.isUnderWay) return;
    this.#stop.forget();
    process.nextTick(this.#emit, "stopped", {});
  }

  /** Looks at the server of an attempt that the client makes by itself. */
  #lookBeside(): void {
    this.#gate.beside((code) => {
      this.#emit("connectionFailure", { error: untrustedServer(code) });
      this.#replace(this.#identity.found);
    });
  }

  /** Has another client take over where the files or the token's login are new. */
  #look(): void {
    if (!this.#isRunning || this.#isChanging) return;
    const found = this.#identity.changed(this.#isPinned);
    if (found !== undefined) this.#replace(found);
  }

  /** Has another client take over; one that is pinned begins anew itself. */
  #replace(found: Found): void {
    if (!this.#isRunning || this.#isChanging) return;
    const { client: old } = this;
    const stays = this.#isPinned;
    if (!stays && !this.#take(found)) return;
    const sendOn = stays ? () => undefined : this.#operations.next();
    this.#gate.close();
    this.#cutStop();
    this.#isChanging = true;
    this.#hasBegun = false;
    const go = () => {
      if (!this.#isChanging) return;
      clearTimeout(timer);
      this.#isChanging = false;
      if (!stays) old.close();
      sendOn();
      if (this.#client === undefined) return;
      if (this.#isRunning) this.#open();
      else this.#emit("stopped", {});
    };
    const timer = setTimeout(go, LONGEST_STOP_MS);
    old.once("stopped", go);
    old.stop();
  }

  #take(found: Found): boolean {
    try {
      const client = this.#parts.make(found.context);
      this.#identity.take(found);
      this.#client = client;
      this.#follow(client);
      return true;
    } catch {
      return false; // what the old one has is better than nothing
    }
  }
}
