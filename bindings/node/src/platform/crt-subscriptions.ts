import type { mqtt5 } from "aws-iot-device-sdk-v2";

/** AWS IoT takes no more in one packet. */
const MOST_IN_A_PACKET = 8;

/** Reason codes from here on are refusals, and none is no consent. */
const FIRST_REFUSAL = 128;

function isRefused(code: number = FIRST_REFUSAL): boolean {
  return code >= FIRST_REFUSAL;
}

/** How long the user is told of a connection at most after it was made. */
const LONGEST_WAIT_MS = 5000;

interface Subscribed {
  readonly subscription: mqtt5.Subscription;
  /** What else was in the packet. */
  readonly packet: Omit<mqtt5.SubscribePacket, "subscriptions">;
}

/**
 * What a client has subscribed to, which it subscribes to again where the broker has
 * forgotten it: a client would else be connected, and hear nothing.
 */
export class Subscriptions {
  readonly #all = new Map<string, Subscribed>();
  readonly #warn: (message: string) => void;
  /** Tells the user that there is a connection. */
  #tell: (() => void) | undefined;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  add({ subscriptions, ...packet }: mqtt5.SubscribePacket, reply: mqtt5.SubackPacket): void {
    subscriptions.forEach((subscription, at) => {
      if (isRefused(reply.reasonCodes[at])) return;
      this.#all.set(subscription.topicFilter, { subscription: { ...subscription }, packet });
    });
  }

  remove({ topicFilters }: mqtt5.UnsubscribePacket): void {
    for (const filter of topicFilters) this.#all.delete(filter);
  }

  /** Calls `tell` when the client hears again what it heard before, or soon. */
  connected(client: mqtt5.Mqtt5Client, isKnown: boolean, tell: () => void): void {
    this.settle();
    if (isKnown || this.#all.size === 0) {
      tell();
      return;
    }
    const settled = () => {
      if (this.#tell === told) this.settle();
    };
    const timer = setTimeout(settled, LONGEST_WAIT_MS);
    const told = () => {
      clearTimeout(timer);
      tell();
    };
    this.#tell = told;
    void Promise.all(this.#packets().map((packet) => this.#again(client, packet))).then(settled);
  }

  /** Something else happens, which the user is to be told of after the connection. */
  settle(): void {
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.();
  }

  #packets(): mqtt5.SubscribePacket[] {
    const packets: { from: object; packet: mqtt5.SubscribePacket }[] = [];
    for (const { subscription, packet } of this.#all.values()) {
      const open = packets.at(-1);
      if (open?.from === packet && open.packet.subscriptions.length < MOST_IN_A_PACKET) {
        open.packet.subscriptions.push(subscription);
      } else packets.push({ from: packet, packet: { ...packet, subscriptions: [subscription] } });
    }
    return packets.map(({ packet }) => packet);
  }

  async #again(client: mqtt5.Mqtt5Client, packet: mqtt5.SubscribePacket): Promise<void> {
    try {
      const { reasonCodes } = await client.subscribe(packet);
      const refused = reasonCodes.filter(isRefused).length;
      if (refused === 0) return;
      this.#warn(`the broker refuses ${refused} subscriptions that it took before`);
    } catch {
      // the connection was lost again: the next one is subscribed too
    }
  }
}
