import { AsyncResource } from "node:async_hooks";
import type { Clock } from "../../src/common/clock.js";

interface Timer {
  at: number;
  callback: () => void;
  holds: boolean;
  /** Fires whatever is lost. */
  sure: boolean;
}

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #wall = Date.UTC(2026, 0, 1);
  #elapsed = 0;
  readonly timers = new Set<Timer>();
  /** While true, a session's timers are lost: none fires. */
  deaf = false;

  wall(): number {
    return this.#wall;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(delayMs: number, callback: () => void, holds: boolean): () => void {
    // as the timers of Node do, it runs in the context in which it was set
    const context = new AsyncResource("VirtualTimer");
    const run = () => {
      context.runInAsyncScope(callback);
    };
    const at = this.#elapsed + Math.max(0, delayMs);
    const timer = { at, callback: run, holds, sure: false };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  /** What a source does while it takes its time. */
  sleep(ms: number): Promise<void> {
    return new Promise((callback) => {
      this.timers.add({ at: this.#elapsed + ms, callback, holds: false, sure: true });
    });
  }

  /** Steps the wall clock alone. */
  step(ms: number): void {
    this.#wall += ms;
  }

  /** Both clocks go on; what is due meanwhile happens in its order. */
  async advance(ms: number): Promise<void> {
    await this.settled();
    const end = this.#elapsed + ms;
    for (;;) {
      const live = [...this.timers].filter(({ sure }) => sure || !this.deaf);
      const next = live.sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#moveTo(Math.max(next.at, this.#elapsed));
      this.timers.delete(next);
      next.callback();
      await this.settled();
    }
    this.#moveTo(end);
    await this.settled();
  }

  /** Lets everything happen that waits for nothing but its turn. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #moveTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}
