import type { mqtt5 } from "aws-iot-device-sdk-v2";

type Client = mqtt5.Mqtt5Client;

/** An operation that ended because its client did, and not for its own sake. */
const CLIENT_ENDED = /USER_REQUESTED_STOP|CLIENT_TERMINATED|CLIENT_SHUT|OFFLINE_QUEUE_POLICY/;

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

/** What the user has asked for, which goes over from each client to the next. */
export class Operations {
  readonly #clientOfNow: () => Client;
  #count = 0;
  /** Settles when another client has taken the place of this one. */
  #replaced = replacement();

  /** @param clientOfNow throws where there is none any more */
  constructor(clientOfNow: () => Client) {
    this.#clientOfNow = clientOfNow;
  }

  /** None is under way. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Another client is there. Gives what sends on to it what was asked of the last one. */
  next(): () => void {
    const { resolve } = this.#replaced;
    this.#replaced = replacement();
    return resolve;
  }

  /** There is no client any more. */
  end(): void {
    this.#replaced.resolve();
  }

  /**
   * Does it again by the next client where one takes the place of that which was asked,
   * and may never answer.
   */
  async carry<T>(operation: (client: Client) => Promise<T>): Promise<T> {
    this.#count++;
    try {
      for (;;) {
        const client = this.#clientOfNow();
        const replaced = this.#replaced.promise;
        const done = operation(client);
        done.catch(() => undefined); // it may fail when nobody waits for it any more
        const outcome = await Promise.race([done.then((value) => ({ value })), replaced]).catch(
          (error: unknown) => {
            // the SDK rejects with texts
            if (this.#clientOfNow() === client || !CLIENT_ENDED.test(String(error))) throw error;
          },
        );
        if (outcome !== undefined) return outcome.value;
      }
    } finally {
      this.#count--;
    }
  }
}
