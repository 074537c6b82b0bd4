import type { AwsCredentials, CustomCredentialsMethod } from "../../src/index.js";
import * as abi from "../../src/library/abi-generated.js";
import type { CommonOptions } from "../../src/options.js";
import type { Exports, Runtime } from "../../src/library/runtime.js";
import { RefreshableSession, withSurroundings } from "../../src/session.js";
import type { VirtualClock } from "../support/clock.js";
import { moodySource } from "./sources.js";
import type { Gauge } from "./usage.js";

const HOUR_MS = 3_600_000;
const PASSING_AN_HOUR = 8;
const CROWD = 200;

/** One way to keep credentials each; some are eager, so that their timers run. */
const OPTIONS: readonly CommonOptions[] = [
  {},
  { deferRefresh: false },
  { policy: "adaptive", deferRefresh: false },
  { policy: "aws2026" },
  { stability: "until-expiry", jitter: true, deferRefresh: false },
  { advisoryRefresh: "inline", advisoryTimeout: 120, mandatoryTimeout: 30 },
];

class Client {
  readonly middlewareStack = { use: () => undefined };
  constructor(readonly config: { region: string; credentials?: unknown }) {}
}

type Broken = Exports & {
  evercreds_test_panic?(session: number): number;
  evercreds_test_fatal?(): number;
};

/** Sessions that last and sessions that pass, and those who call them, by the hour. */
export class World {
  /** Calls that wait. */
  pending = 0;
  /** Panics that the module survived, each without one of its sessions. */
  panics = 0;
  /** What sessions that passed had fetched. */
  #passed = 0;
  readonly #lasting: RefreshableSession[];
  /** Errors of the module's deaths, as programs may keep them: they must weigh little. */
  readonly #deaths: unknown[] = [];

  constructor(
    private readonly clock: VirtualClock,
    private readonly runtime: Runtime,
    private readonly gauge: Gauge,
    private readonly next: () => number,
    /** All callers bring this one, which is never aborted. */
    private readonly signal: AbortSignal,
    /** Keeps what it is given; does so on purpose where a leak is to be found. */
    private readonly keep: (thing: unknown) => void,
  ) {
    const parents = OPTIONS.map((options) => this.#open(options, this.#source()));
    const children = parents.map((parent, i) => {
      const source = this.#source();
      return this.#open(OPTIONS[i] ?? {}, async (context) => {
        await parent.credentialsFor({ minTtl: 60, signal: context.signal });
        return source(context);
      });
    });
    this.#lasting = [...parents, ...children];
  }

  /** Sets that were fetched so far. */
  get fetched(): number {
    const installed = this.#lasting.map((session) => session.status().counters.installs);
    return installed.reduce((sum, n) => sum + n, this.#passed);
  }

  /** How many sessions last. */
  get lasting(): number {
    return this.#lasting.length;
  }

  /** How often the module died. */
  get deaths(): number {
    return this.#deaths.length;
  }

  /** One hour, in pieces; with `harm`, the module panics now and then. */
  async hour({ harm }: { harm: boolean }): Promise<void> {
    for (let passed = 0; passed < HOUR_MS;) {
      for (const session of this.#lasting) this.#call(session);
      if (harm && this.next() < 0.02) this.#harm();
      const span = Math.floor(this.next() * 600_000);
      passed += span;
      await this.clock.advance(span);
    }
    for (let i = 0; i < PASSING_AN_HOUR; i++) await this.#passing();
  }

  /** Many sessions at once, closed while callers of some still wait. */
  async crowd(): Promise<void> {
    const crowd = Array.from({ length: CROWD }, () => this.#open({}, this.#source()));
    for (const session of crowd) this.#call(session);
    await this.clock.advance(5000);
    for (const session of crowd) this.#end(session);
  }

  /** Nobody calls, until nobody waits. */
  async rest(): Promise<void> {
    await this.clock.advance(HOUR_MS / 2);
    if (this.pending > 0)
      throw new Error(`${this.pending} calls have no answer after half an hour`);
  }

  #open(options: CommonOptions, customCredentialsMethod: CustomCredentialsMethod) {
    const all = {
      refreshTimeout: 30,
      ...options,
      method: "custom",
      customCredentialsMethod,
    } as const;
    return withSurroundings(
      { runtime: this.runtime, clock: this.clock },
      () => new RefreshableSession(all),
    );
  }

  #source(): CustomCredentialsMethod {
    return moodySource(this.clock, this.next);
  }

  #call(session: RefreshableSession): void {
    const n = this.next();
    if (n < 0.4) this.#follow(session.credentials());
    else if (n < 0.6) this.#follow(session.credentialsFor({ signal: this.signal }));
    else if (n < 0.7) this.#follow(session.refresh({ signal: this.signal }));
    else if (n < 0.8) this.#follow(session.credentialsFor({ minTtl: 600, signal: this.signal }));
    else if (n < 0.9) {
      const leaving = new AbortController();
      this.#follow(session.credentialsFor({ signal: leaving.signal }));
      leaving.abort();
    } else session.invalidate();
  }

  #follow(call: Promise<AwsCredentials>): void {
    this.pending++;
    const done = (result: unknown) => {
      this.keep(result);
      this.pending--;
    };
    call.then(done, done);
  }

  /** A session from its beginning to its end; one of four is not closed, but dropped. */
  async #passing(): Promise<void> {
    const options = OPTIONS[Math.floor(this.next() * OPTIONS.length)] ?? {};
    const session = this.#open(options, this.#source());
    this.keep(session);
    const off = session.on("refresh", () => undefined);
    session.on("failure", () => undefined);
    for (const region of ["eu-west-1", "eu-west-2", "eu-west-3"]) {
      session.client(Client, { region }, { evictionPolicy: "LFU", maxSize: 2 });
      session.client(Client, { region });
    }
    this.#call(session);
    this.#call(session);
    await this.clock.advance(5000);
    off();
    if (this.next() < 0.75) this.#end(session);
    else this.#passed += session.status().counters.installs;
  }

  #end(session: RefreshableSession): void {
    this.#passed += session.status().counters.installs;
    session.close();
  }

  /** The module panics in a session, or dies, where it is the one that can. */
  #harm(): void {
    const fatal = this.next() < 0.5;
    try {
      this.runtime.run(undefined, (x: Broken) => {
        if (fatal) return x.evercreds_test_fatal?.();
        const handles = this.gauge.handles;
        const handle = handles[Math.floor(this.next() * handles.length)] ?? 0;
        const result = x.evercreds_test_panic?.(handle);
        if (result === abi.Result.ERR_PANIC) this.panics++;
        return result;
      });
    } catch (error) {
      this.#deaths.push(error); // it died, as it was told to
    }
  }
}
