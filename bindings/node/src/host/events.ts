import { platform } from "#platform";
import * as abi from "../library/abi-generated.js";
import { type EvercredsError, EvercredsValidationError } from "../errors.js";
import { soon } from "../common/clock.js";
import { nameOf, peek, quietly } from "../common/guard.js";
import type { Method } from "../options.js";
import type { Decision } from "../library/machine.js";
import type { Names } from "../sources/source.js";
import {
  type EventFacts,
  nothingOf,
  type RefreshCause,
  type ShareStep,
  type StoreTrouble,
} from "./facts.js";
import type { Begun } from "./flights.js";
import type { Log } from "./log.js";
import { nameIn, type State } from "./status.js";

/** What {@link RefreshableSession.on} tells of, by name. Nothing in it is secret. */
export interface SessionEvents {
  /** A refresh began. */
  start: EventFacts & { cause: RefreshCause };
  /** New credentials are held; `remaining` is in seconds, Infinity without expiry. */
  refresh: EventFacts & { remaining: number };
  /** A refresh failed; `waited`: callers were waiting for it. */
  failure: EventFacts & { error: EvercredsError; waited: boolean };
  /**
   * A service refused the credentials: to a client, which alone is concerned (`scope`
   * "caller"), or for all, as `invalidate()` says. `spaced`: again so soon that attempts
   * for it are spaced.
   */
  rejection: EventFacts & { scope: "caller" | "all"; spaced: boolean };
  /** A refresh that callers waited for failed, and what is held is served on. */
  degraded: EventFacts & { remaining: number };
  /** Something that is no error, such as windows that do not fit the lifetime. */
  warning: EventFacts & { message: string };
  /** What sharing with other processes has come to: `share` names it; `reason` is of "store-failed". */
  share: EventFacts & { share: ShareStep; reason?: StoreTrouble };
  /** The session was closed. */
  close: EventFacts;
}

/**
 * What subscribers of the channels `evercreds:start`, `evercreds:refresh` and so on
 * of `node:diagnostics_channel` get: an event of any session of the process. Nothing
 * in it is secret.
 */
export type ChannelMessage<Event extends keyof SessionEvents> = SessionEvents[Event] & {
  /** Tells the sessions of the process apart: 1, 2, ... */
  session: number;
  /** The method of the session. */
  method: Method;
};

type Name = keyof SessionEvents;
type Listener = (event: SessionEvents[Name]) => void;

const NAMES: readonly Name[] = abi.EVENTS;

/** What an event tells beside the facts. */
type Own<K extends Name> = Omit<SessionEvents[K], keyof EventFacts>;

/** What a decision says that windows do not fit. */
const UNFITTING = abi.LINES.find(([note]) => note === abi.Note.WINDOWS_SHRUNK)?.[2] ?? "";

const FAILED = abi.Note.FAILED | abi.Note.FAILED_QUIETLY;

/** What is told of a decision. */
type Noted = Pick<Decision, "notes" | "held">;

const NOBODY: ReadonlySet<Listener> = new Set();

/** The channels of the process; none where the platform has no such thing. */
const CHANNELS = new Map(NAMES.map((name) => [name, platform?.channel(`evercreds:${name}`)]));

/** Which session of the process it is. */
interface Whose {
  readonly session: number;
  readonly method: Method;
}

/** The listeners of one session, and the channels that all sessions share. */
export class Events {
  readonly #listeners = new Map<Name, Set<Listener>>();
  readonly #whose: Whose;
  readonly #names: Names;
  readonly #log: Log | undefined;

  /** @param log what the user's logger is called with */
  constructor(whose: Whose, names: Names, log?: Log) {
    this.#whose = whose;
    this.#names = names;
    this.#log = log;
  }

  /** @returns a function that takes the listener out again */
  on<K extends Name>(name: K, listener: (event: SessionEvents[K]) => void): () => void {
    if (!NAMES.includes(name)) {
      const words = `event must be one of ${NAMES.join(", ")}`;
      throw new EvercredsValidationError("event", words, name);
    }
    if (typeof listener !== "function") {
      throw new EvercredsValidationError("listener", "listener must be a function", listener);
    }
    const call: (event: SessionEvents[K]) => unknown = listener;
    const own = guardedListener(name, (event) => call(event as SessionEvents[K]));
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  /**
   * Tells those who listen now, a little later: they may use the session. Each gets an
   * event of its own. What a subscriber of a channel throws is as uncaught as what a
   * timer throws: Node's channels see to that themselves.
   */
  tell<K extends Name>(name: K, own: () => Own<K>, facts = nothingOf(this.#names)): void {
    const event = () => ({ ...facts, ...own() }) as SessionEvents[K];
    const listeners = this.#listeners.get(name) ?? NOBODY;
    const channel = CHANNELS.get(name);
    if (channel !== undefined && peek(channel, "hasSubscribers") === true) {
      const message = { ...this.#whose, ...event() };
      soon(() => {
        quietly(() => {
          channel.publish(message);
        });
      });
    }
    for (const listener of [...listeners]) {
      const told = event();
      soon(() => {
        if (listeners.has(listener)) listener(told);
      });
    }
  }

  /** Tells a warning of the host's own, which no decision notes. */
  warn(message: string, facts: EventFacts): void {
    this.tell("warning", () => ({ message }), facts);
    this.#log?.warned(message, facts);
  }

  /** Tells what sharing has come to, which no decision notes. */
  share(share: ShareStep, message: string, facts: EventFacts): void {
    this.tell("share", () => ({ share }), facts);
    this.#log?.warned(message, facts);
  }

  /**
   * Tells what a decision notes, in the order that all hosts have.
   *
   * @param begun the flights that it has started
   * @param trouble why the store has failed, where it has
   */
  tellOf(
    { notes, held }: Noted,
    begun: readonly Begun[],
    state: State,
    trouble: StoreTrouble = "timeout",
  ): void {
    const noted = (note: number) => (notes & note) !== 0;
    for (const { ticket, cause } of begun) {
      state.facts.begun(ticket, nameIn(abi.Cause, cause) as RefreshCause);
    }
    if (notes === 0 && begun.length === 0) return;
    const ofSet = state.facts.ofTicket(held);
    const ofFailure = noted(FAILED | abi.Note.DEGRADED) ? state.facts.ofFailure() : ofSet;
    if (noted(abi.Note.REJECTED | abi.Note.REPORTED)) {
      const scope = noted(abi.Note.REJECTED) ? ("all" as const) : ("caller" as const);
      this.tell("rejection", () => ({ scope, spaced: noted(abi.Note.SPACED) }), ofSet);
    }
    const error = noted(FAILED) ? state.lastError() : undefined;
    if (error !== undefined) {
      const waited = noted(abi.Note.FAILED);
      this.tell("failure", () => ({ error: state.lastError() ?? error, waited }), ofFailure);
    }
    const remaining = () => ({ remaining: state.remaining() });
    if (noted(abi.Note.DEGRADED)) this.tell("degraded", remaining, ofFailure);
    for (const [note, share] of abi.SHARE_STEPS) {
      const reason = note === abi.Note.STORE_FAILED && { reason: trouble };
      if (noted(note)) this.tell("share", () => ({ share, ...reason }), ofSet);
    }
    if (noted(abi.Note.INSTALLED | abi.Note.LATE_INSTALLED)) this.tell("refresh", remaining, ofSet);
    if (noted(abi.Note.WINDOWS_SHRUNK)) {
      this.tell("warning", () => ({ message: UNFITTING }), ofSet);
    }
    for (const { ticket } of begun) this.tell("start", () => ({}), state.facts.ofTicket(ticket));
    const why = noted(abi.Note.STORE_FAILED) ? abi.STORE_TROUBLES[trouble] : "";
    this.#log?.noted(notes, ofFailure, error === undefined ? why : state.sentence());
  }
}

/**
 * A listener that is a sick part harms itself alone: what it throws, at once or as a
 * promise, is told once, by its name and where it happened, as its text may hold anything.
 */
function guardedListener(name: Name, listener: (event: SessionEvents[Name]) => unknown): Listener {
  let isTold = false;
  const tellOf = (error: unknown) => {
    if (isTold) return;
    isTold = true;
    const what = nameOf(error);
    const words = `a listener of "${name}" failed${what && ` (${what})`}; this is told once`;
    quietly(() => platform?.warn(words, framesOf(error)));
  };
  return (event) => {
    // the rejection of a promise that it gives is its own failure too
    new Promise((resolve) => {
      resolve(listener(event));
    }).catch(tellOf);
  };
}

function framesOf(error: unknown): string | undefined {
  const stack = peek(error, "stack");
  if (typeof stack !== "string") return undefined;
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
