import type { mqtt5 } from "aws-iot-device-sdk-v2";
import { errorName } from "./crt.js";
import { contextFor, type Found, forgetToken } from "./crt-tls.js";
import { isOfToken } from "./crt-token.js";
import { Subscriptions } from "./crt-subscriptions.js";
import type { TlsMaterial } from "./types.js";

type Client = mqtt5.Mqtt5Client;

/** Makes a client of the SDK's with a context. */
export type MakeClient = (context: Found["context"]) => Client;

/** What a line of clients is told of its user. */
export interface LineUser {
  /** What the files hold now. Throws where they cannot be used. */
  material: () => TlsMaterial;
  alpn: string | undefined;
  /** Tells the user of something that no event of the client's can. */
  warn: (message: string) => void;
}

/** What the SDK's clients tell. */
const EVENTS = ["error", "stopped", "disconnection", "messageReceived"] as const;

/** An operation that ended because its client did, and not for its own sake. */
const CLIENT_ENDED = /USER_REQUESTED_STOP|CLIENT_TERMINATED|CLIENT_SHUT|OFFLINE_QUEUE_POLICY/;

/** How long a client may take to stop before another takes its place. */
const LONGEST_STOP_MS = 5000;

interface Replacement {
  readonly promise: Promise<undefined>;
  readonly resolve: () => void;
}

function replacement(): Replacement {
  let resolve = () => undefined;
  const promise = new Promise<undefined>((settle) => {
    resolve = () => {
      settle(undefined);
      return undefined;
    };
  });
  return { promise, resolve };
}

/**
 * The clients that stand, one after the other, behind one of the user's. The SDK's
 * keeps the certificate with which it was made. So whenever it is about to connect, or
 * has failed to, the files are looked at, and another takes its place if they have
 * changed, or the token was lost. Operations go over to it, and subscriptions are made
 * again wherever the broker has forgotten them.
 */
export class MqttLine {
  #client: Client | undefined;
  readonly #make: MakeClient;
  readonly #user: LineUser;
  readonly #subscriptions: Subscriptions;
  #found: Found;
  #material: TlsMaterial;
  #emit: (event: string, ...given: unknown[]) => void = () => undefined;
  #isRunning = false;
  /** Native code has the client: no other can take its place. */
  #isPinned = false;
  #isChanging = false;
  #operations = 0;
  /** Settles when another client has taken the place of this one. */
  #replaced = replacement();
  #leave: (() => void) | undefined;

  constructor(material: TlsMaterial, found: Found, make: MakeClient, user: LineUser) {
    this.#make = make;
    this.#user = user;
    this.#material = material;
    this.#found = found;
    this.#subscriptions = new Subscriptions(user.warn);
    this.#client = make(found.context);
  }

  /** The client of now. */
  get client(): Client {
    if (this.#client === undefined) throw new Error("the client is closed");
    return this.#client;
  }

  /** Called once, with where events go to. */
  begin(emit: (event: string, ...given: unknown[]) => void): void {
    this.#emit = emit;
    this.#follow(this.client);
  }

  start(): void {
    this.#isRunning = true;
    if (this.#isChanging) return;
    const found = this.#operations === 0 ? this.#changed() : undefined;
    if (found !== undefined) {
      const old = this.client;
      if (this.#take(found)) old.close();
    }
    this.client.start();
  }

  stop(packet?: mqtt5.DisconnectPacket): void {
    this.#isRunning = false;
    if (!this.#isChanging) this.client.stop(packet);
  }

  close(): void {
    this.#isRunning = false;
    this.#done();
    this.#client?.close();
    // the process cannot end before V8 has collected it
    this.#client = undefined;
    this.#replaced.resolve();
  }

  /** The handle of the client of now, which has to stay then. */
  pin(): unknown {
    this.#isPinned = true;
    return (this.client as unknown as { native_handle: () => unknown }).native_handle();
  }

  async subscribe(packet: mqtt5.SubscribePacket): Promise<mqtt5.SubackPacket> {
    const reply = await this.#carry((client) => client.subscribe(packet));
    this.#subscriptions.add(packet, reply);
    return reply;
  }

  async unsubscribe(packet: mqtt5.UnsubscribePacket): Promise<mqtt5.UnsubackPacket> {
    const reply = await this.#carry((client) => client.unsubscribe(packet));
    this.#subscriptions.remove(packet);
    return reply;
  }

  publish(packet: mqtt5.PublishPacket): Promise<mqtt5.PublishCompletionResult> {
    return this.#carry((client) => client.publish(packet));
  }

  /**
   * Does it again by the next client where one takes the place of that which was asked,
   * and may never answer.
   */
  async #carry<T>(operation: (client: Client) => Promise<T>): Promise<T> {
    this.#operations++;
    try {
      for (;;) {
        const { client } = this;
        const replaced = this.#replaced.promise;
        const done = operation(client);
        done.catch(() => undefined); // it may fail when nobody waits for it any more
        const outcome = await Promise.race([done.then((value) => ({ value })), replaced]).catch(
          (error: unknown) => {
            // the SDK rejects with texts
            if (this.#client === client || !CLIENT_ENDED.test(String(error))) throw error;
          },
        );
        if (outcome !== undefined) return outcome.value;
      }
    } finally {
      this.#operations--;
    }
  }

  #follow(client: Client): void {
    const mine = (handle: (event: unknown) => void) => (event: unknown) => {
      if (this.#client === client && !this.#isChanging) handle(event);
    };
    const on = (name: string, handle: (event: unknown) => void) => {
      // by its own types only for names that are literals
      (client.on as (name: string, listener: (event: unknown) => void) => unknown).call(
        client,
        name,
        mine(handle),
      );
    };
    for (const name of EVENTS) {
      on(name, (event) => {
        this.#subscriptions.settle();
        this.#emit(name, event);
        if (name === "disconnection") this.#look();
      });
    }
    on("attemptingConnect", (event) => {
      this.#leave ??= this.#found.library?.enter();
      this.#emit("attemptingConnect", event);
      this.#look();
    });
    on("connectionSuccess", (event) => {
      this.#done();
      const { settings } = event as mqtt5.ConnectionSuccessEvent;
      this.#subscriptions.connected(client, settings.rejoinedSession, () => {
        this.#emit("connectionSuccess", event);
      });
    });
    on("connectionFailure", (event) => {
      this.#done();
      this.#emit("connectionFailure", event);
      this.#lost(errorName((event as mqtt5.ConnectionFailureEvent).error));
      this.#look();
    });
  }

  #done(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  #lost(name: string): void {
    const { library } = this.#found;
    if (library === undefined || !isOfToken(name)) return;
    forgetToken(this.#material, library, name);
  }

  /** Has another client take over where the files or the token's login are new. */
  #look(): void {
    if (!this.#isRunning || this.#isChanging) return;
    const found = this.#changed();
    if (found === undefined) return;
    const old = this.client;
    const replaced = this.#replaced;
    if (!this.#take(found)) return;
    this.#isChanging = true;
    const go = () => {
      if (!this.#isChanging) return;
      clearTimeout(timer);
      this.#isChanging = false;
      old.close();
      replaced.resolve();
      if (this.#isRunning) this.client.start();
      else this.#emit("stopped", {});
    };
    const timer = setTimeout(go, LONGEST_STOP_MS);
    old.once("stopped", go);
    old.stop();
  }

  /** The context of now where it is another one than the client's. */
  #changed(): Found | undefined {
    try {
      const material = this.#user.material();
      const found = contextFor(material, this.#user.alpn);
      if ("problem" in found || found.context === this.#found.context) return undefined;
      if (!this.#isPinned) {
        this.#material = material;
        return found;
      }
      this.#found = found; // to say it once
      const why = "native code of another client of the SDK's has this one";
      this.#user.warn(`an MQTT client does not use new certificates or keys: ${why}`);
    } catch {
      // the files are being replaced, or are not there: the next attempt looks again
    }
    return undefined;
  }

  #take(found: Found): boolean {
    try {
      const client = this.#make(found.context);
      this.#done();
      this.#found = found;
      this.#client = client;
      this.#replaced = replacement();
      this.#follow(client);
      return true;
    } catch {
      return false; // what the old one has is better than nothing
    }
  }
}
