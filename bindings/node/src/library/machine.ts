import * as abi from "./abi-generated.js";
import type { Clock } from "../common/clock.js";
import { EvercredsError } from "../errors.js";
import { freshSeed, type Hash } from "./fingerprint.js";
import { type Exports, type HostCalls, isTrap, type Runtime } from "./runtime.js";
import { type Decision, readDecision } from "./decision.js";
import { whenForgotten } from "../common/weak.js";
import { named } from "../common/named.js";

export type { Decision } from "./decision.js";

/** The host of a machine: what the machine tells it. */
export interface MachineHost<Applied = unknown> extends HostCalls {
  /** A new machine takes the place of whatever was; flights of before are lost. */
  restore(): void;
  /** Acts on a decision, whoever asked for it, and gives what is in it for that one. */
  apply(decision: Decision): Applied;
}

/** The module refused the value of an option. */
export class OptionRefused extends Error {
  constructor(readonly option: number) {
    super(abi.OPTION_RULES[option] ?? `option ${option} is refused`);
  }

  static {
    named(this, "OptionRefused");
  }
}

/** What one caller needs. */
export interface MachineNeed {
  /** The time that must be left, in milliseconds; 0: any. */
  minTtlMs: number;
  /** The set that a service refused to this caller; counts where there is evidence. */
  other: Hash;
  /** Evidence: what the service said of that set. */
  evidence: number;
  /** How long it waits for an attempt to begin, on the elapsed clock; 0: not at all. */
  untilMs: number;
}

/** What a flight brought, without the secrets. */
interface Facts {
  /** The set's expiry, milliseconds since the Unix epoch; NEVER: none. */
  expiryMs: number;
  /** The lifetime that was requested; 0: not known. */
  durationMs: number;
  /** The latest instant that the reply's Date can mean; 0: none. */
  serverTimeMs: number;
}

/** What a look at the store has found. */
export interface Found {
  /** Undefined: there is no entry that opens. */
  readonly set: FoundFacts | undefined;
  /** The highest number of a turn. */
  readonly turn: number;
  /** What is left of another's turn; 0: none runs. */
  readonly turnLeftMs: number;
  /** ErrorClass plus 16 times the failures in a row; 0: there is none. */
  readonly notice: number;
  readonly noticeLeftMs: number;
}

/** A set of another process, without the secrets. */
interface FoundFacts {
  /** As its source wrote it; NEVER: none. */
  readonly expiryMs: number;
  readonly hash: Hash;
  readonly lifeMs: number;
  /** By the store's clock; NEVER: it has none. */
  readonly leftMs: number;
  readonly generation: number;
  /** The refused set in whose place it was fetched; zeros: none. */
  readonly replaces: Hash;
}

const NO_HASH: Hash = { low: 0, high: 0 };
const NO_SET: FoundFacts = {
  ...{ expiryMs: 0, lifeMs: 0, leftMs: 0, generation: 0 },
  ...{ hash: NO_HASH, replaces: NO_HASH },
};

/** A failed attempt as the machine takes it. */
export interface Failure {
  /** ErrorClass */
  class: number;
  /** Code.SOURCE or Code.MALFORMED. */
  reason: number;
  /** The pause that the source asked for, in milliseconds; 0: none. */
  retryAfterMs: number;
}

/** One call of an event: gives 0, or a code below zero. */
type Event = (exports: Exports, handle: number, wall: number, elapsed: number) => number;

/** An event is tried once more after a trap, on an instance rebuilt for it. */
const ATTEMPTS = 2;

/**
 * One session of the wasm module. Keeps the latest snapshot on this side of the
 * line, so that neither a trap nor a poisoned handle ends the session.
 */
export class Machine<Applied> {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #host: MachineHost<Applied>;
  readonly #options: readonly (readonly [option: number, value: number])[];
  readonly #seed: () => Hash;
  readonly #owned = { runtime: undefined as Runtime | undefined, handle: 0, generation: 0 };
  #snapshot: Uint8Array | undefined;
  #last: Map<number, number> | undefined; // the status, once the session is closed

  constructor(
    runtime: Runtime,
    clock: Clock,
    host: MachineHost<Applied>,
    options: readonly (readonly [number, number])[],
    seed: () => Hash = freshSeed,
  ) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#host = host;
    this.#options = options;
    this.#seed = seed;
    this.#owned.runtime = runtime;
    forgotten.register(this, this.#owned);
  }

  /** @throws OptionRefused */
  open(): void {
    this.#attempts(() => {
      this.#ensure();
    });
  }

  ask({ minTtlMs, other, evidence, untilMs }: MachineNeed): Applied {
    return this.#event((x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_ask(
        h, wall, elapsed, minTtlMs, other.low, other.high, evidence, untilMs),
    );
  }

  answer(ticket: number, need: MachineNeed, forced: boolean): Applied {
    const { minTtlMs, other, evidence, untilMs } = need;
    return this.#event((x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_answer(
        h, ticket, wall, elapsed, minTtlMs, other.low, other.high, evidence, untilMs,
        forced ? 1 : 0),
    );
  }

  /** What a caller has who stops waiting. */
  leave({ minTtlMs, other, evidence }: MachineNeed): Applied {
    return this.#event((x, h, wall, elapsed) =>
      x.evercreds_leave(h, wall, elapsed, minTtlMs, other.low, other.high, evidence),
    );
  }

  complete(ticket: number, hash: Hash, facts: Facts): Applied {
    const { expiryMs, durationMs, serverTimeMs } = facts;
    return this.#event((x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_complete(
        h, ticket, wall, elapsed, expiryMs, hash.low, hash.high, durationMs, serverTimeMs),
    );
  }

  fail(ticket: number, failure: Failure): Applied {
    return this.#event((x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_fail(
        h, ticket, wall, elapsed, failure.class, failure.reason, failure.retryAfterMs),
    );
  }

  abandon(ticket: number): Applied {
    return this.#event((x, h, wall, elapsed) => x.evercreds_abandon(h, ticket, wall, elapsed));
  }

  prompted(ticket: number): Applied {
    return this.#event((x, h, wall, elapsed) => x.evercreds_prompted(h, ticket, wall, elapsed));
  }

  invalidate(hash: Hash): Applied {
    return this.#event((x, h, wall, elapsed) =>
      x.evercreds_invalidate(h, hash.low, hash.high, wall, elapsed),
    );
  }

  force(): Applied {
    return this.#event((x, h, wall, elapsed) => x.evercreds_force(h, wall, elapsed));
  }

  /** What a look has found; the host keeps the set under the call's number before. */
  shareFound(call: number, found: Found): Applied {
    const { expiryMs, hash, lifeMs, leftMs, generation, replaces } = found.set ?? NO_SET;
    const { turn, turnLeftMs, notice, noticeLeftMs } = found;
    return this.#event((x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_share_found(
        h, call, wall, elapsed, expiryMs, hash.low, hash.high, lifeMs, leftMs, generation,
        replaces.low, replaces.high, turn, turnLeftMs, notice, noticeLeftMs),
    );
  }

  /** How a campaign went. */
  shareLed(call: number, turn: { number: number; won: boolean; leftMs: number }): Applied {
    const { number, won, leftMs } = turn;
    return this.#event((x, h, wall, elapsed) =>
      x.evercreds_share_led(h, call, wall, elapsed, number, won ? 1 : 0, leftMs),
    );
  }

  /** A publication or a resignation is over. */
  shareDone(call: number, stored: boolean): Applied {
    return this.#event((x, h, wall, elapsed) =>
      x.evercreds_share_done(h, call, wall, elapsed, stored ? 1 : 0),
    );
  }

  /** A call of the store failed: one of StoreFailure. */
  shareFailed(call: number, failure: number): Applied {
    return this.#event((x, h, wall, elapsed) =>
      x.evercreds_share_failed(h, call, wall, elapsed, failure),
    );
  }

  /** Something has changed at the store, or may have. */
  shareHint(): Applied {
    return this.#event((x, h, wall, elapsed) => x.evercreds_share_hint(h, wall, elapsed));
  }

  wake(): Applied {
    return this.#event((x, h, wall, elapsed) => x.evercreds_wake(h, wall, elapsed));
  }

  /** One number of the state; see Status. */
  status(field: number): number {
    if (this.#last !== undefined) return this.#last.get(field) ?? 0;
    return this.#attempts(() => {
      this.#ensure();
      const [wall, elapsed] = [this.#clock.wall(), this.#clock.elapsed()];
      return this.#checked(
        this.#runtime.run(this.#host, (x) =>
          x.evercreds_session_status(this.#owned.handle, wall, elapsed, field),
        ),
      );
    });
  }

  /**
   * Ends the session in the module too. Later events open a new one: make none. The state
   * that it ends in stays, for {@link status}.
   *
   * @returns the last decision; undefined: the module could not make one
   */
  close(): Decision | undefined {
    const { handle, generation } = this.#owned;
    this.#owned.handle = 0;
    this.#last = new Map([[abi.Status.IS_CLOSED, 1]]);
    if (handle === 0 || generation !== this.#runtime.generation) return undefined;
    const [wall, elapsed] = [this.#clock.wall(), this.#clock.elapsed()];
    try {
      return this.#runtime.run(this.#host, (x) => {
        const result = x.evercreds_session_close(handle);
        const decision = result < 0 ? undefined : readDecision(this.#runtime.slots());
        for (const field of Object.values(abi.Status)) {
          const value = x.evercreds_session_status(handle, wall, elapsed, field);
          this.#last?.set(field, Math.max(value, 0)); // below zero: the handle is poisoned
        }
        x.evercreds_session_free(handle);
        return decision;
      });
    } catch (error) {
      if (!isTrap(error)) throw error; // the instance is gone, the session with it
      return undefined;
    }
  }

  #event(event: Event): Applied {
    return this.#attempts(() => {
      this.#ensure();
      return this.#decide((x, wall, elapsed) => event(x, this.#owned.handle, wall, elapsed));
    });
  }

  /** Runs one call that gives a decision, and has the host act on it. */
  #decide(call: (exports: Exports, wall: number, elapsed: number) => number): Applied {
    const [wall, elapsed] = [this.#clock.wall(), this.#clock.elapsed()];
    let result = 0;
    const decision = this.#runtime.run(this.#host, (x) => {
      result = call(x, wall, elapsed);
      return result < 0 ? undefined : readDecision(this.#runtime.slots());
    });
    if (decision === undefined) return this.#checked(result) as never;
    if (result > 0) this.#own(result);
    if (changesState(decision)) this.#save();
    return this.#host.apply(decision);
  }

  /** Makes sure that there is a live session in the live instance. */
  #ensure(): void {
    const { handle, generation } = this.#owned;
    if (handle !== 0 && generation === this.#runtime.generation) return;
    const seed = this.#seed();
    const snapshot = this.#snapshot;
    this.#host.restore();
    if (snapshot === undefined) {
      this.#own(this.#newSession());
      this.#decide((x, wall, elapsed) =>
        x.evercreds_session_open(this.#owned.handle, wall, elapsed, seed.low, seed.high),
      );
    } else {
      this.#decide((x, wall, elapsed) =>
        // prettier-ignore
        x.evercreds_session_restore(
          this.#runtime.write(snapshot), wall, elapsed, seed.low, seed.high),
      );
    }
  }

  #newSession(): number {
    return this.#runtime.run(this.#host, (x) => {
      const handle = x.evercreds_session_new();
      if (handle < 0) return handle;
      for (const [option, value] of this.#options) {
        const result = x.evercreds_session_option(handle, option, value);
        if (result < 0) {
          x.evercreds_session_free(handle);
          return result;
        }
      }
      return handle;
    });
  }

  #own(handle: number): void {
    this.#owned.handle = this.#checked(handle);
    this.#owned.generation = this.#runtime.generation;
  }

  /** Takes the snapshot from which a broken session is rebuilt. */
  #save(): void {
    this.#snapshot = undefined; // if this fails, better none than an old one
    this.#snapshot = this.#runtime.run(this.#host, (x) => {
      const length = x.evercreds_session_snapshot(this.#owned.handle, 0);
      return length < 0 ? undefined : this.#runtime.read(length);
    });
  }

  /** Turns a code below zero into what is to be thrown. */
  #checked(result: number): number {
    if (result >= 0) return result;
    if (result <= abi.Result.ERR_OPTION_VALUE)
      throw new OptionRefused(abi.Result.ERR_OPTION_VALUE - result);
    if (result === abi.Result.ERR_PANIC || result === abi.Result.ERR_POISONED) throw new Poisoned();
    const words = abi.ERROR_TEXTS[result] ?? `code ${result}`;
    throw new EvercredsError("internal", `the wasm module refused a call: ${words}`);
  }

  /** Tries again after a trap or a poisoned handle, on what was rebuilt. */
  #attempts<T>(action: () => T): T {
    for (let attempt = 1; ; attempt++) {
      try {
        return action();
      } catch (error) {
        if (error instanceof Poisoned) this.#abandonHandle();
        else if (!isTrap(error)) throw error;
        if (attempt === ATTEMPTS) {
          throw new EvercredsError("internal", error.message, { cause: error });
        }
      }
    }
  }

  #abandonHandle(): void {
    const { handle } = this.#owned;
    this.#owned.handle = 0;
    this.#runtime.run(undefined, (x) => x.evercreds_session_free(handle));
  }
}

/** The module found a fault of its own, and will not touch this session again. */
class Poisoned extends Error {
  constructor() {
    super("the wasm module panicked");
  }

  static {
    named(this, "Poisoned");
  }
}

/** Gives back the handles of sessions that were dropped without close. */
const forgotten = whenForgotten<{
  runtime: Runtime | undefined;
  handle: number;
  generation: number;
}>(({ runtime, handle, generation }) => {
  if (handle === 0 || runtime?.generation !== generation) return;
  try {
    runtime.run(undefined, (x) => x.evercreds_session_free(handle));
  } catch {
    // the instance is gone, and the handle with it
  }
});

/** Serving changes nothing; everything that does comes with one of these. */
function changesState(d: Decision): boolean {
  return d.started !== 0 || d.settled !== 0 || d.cancelled !== 0 || d.notes !== 0;
}
