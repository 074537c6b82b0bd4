import { once } from "node:events";
import type { RequestListener } from "node:http";
import { WebServer, withCors } from "./web.js";

/**
 * Stands before a service, and keeps a request back for as long as a test wants: an
 * outage that lasts until something else has happened, and not for a time.
 */
export class Gate {
  #isShut = false;
  #server: WebServer | undefined;
  readonly #kept: ((fails: boolean) => void)[] = [];
  readonly #arrivals = new EventTarget();

  static async start(target: string): Promise<Gate> {
    const gate = new Gate();
    const onward = withCors(target);
    const listener: RequestListener = (incoming, response) => {
      if (!gate.#isShut) {
        onward(incoming, response);
        return;
      }
      gate.#kept.push((fails) => {
        if (fails) response.writeHead(503).end();
        else onward(incoming, response);
      });
      gate.#arrivals.dispatchEvent(new Event("arrival"));
    };
    gate.#server = await WebServer.start(listener);
    return gate;
  }

  get origin(): string {
    return this.#server?.origin ?? "";
  }

  /** From now on requests are kept. Resolves when the first of them has come. */
  async shut(): Promise<void> {
    this.#isShut = true;
    await once(this.#arrivals, "arrival");
  }

  /** Lets requests through; answers those that were kept with HTTP 503 where they are to fail. */
  open({ fails = false } = {}): void {
    this.#isShut = false;
    for (const go of this.#kept.splice(0)) go(fails);
  }

  async stop(): Promise<void> {
    this.open({ fails: true });
    await this.#server?.stop();
  }
}
