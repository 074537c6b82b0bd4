import { platform } from "#platform";
import * as abi from "./abi_generated.js";
import type { EvercredsError } from "./errors.js";
import { EvercredsValidationError } from "./errors.js";
import type { Method } from "./options.js";
import type { Decision } from "./machine.js";

/** Why a refresh began. */
export type RefreshCause =
  /** Nothing is held. */
  | "first"
  /** The advisory window was reached. */
  | "advisory"
  /** The mandatory window was reached, or the credentials have expired. */
  | "mandatory"
  /** A service rejected the credentials. */
  | "rejected"
  /** `refresh()` was called. */
  | "forced"
  /** An eager session refreshes with nobody asking. */
  | "idle"
  /** A caller needs more time than is left. */
  | "min_ttl"
  /** A refresh that was waited for failed earlier; nobody waits for this one. */
  | "degraded";

/** What {@link RefreshableSession.on} tells of, by name. Nothing in it is secret. */
export interface SessionEvents {
  /** A refresh began. */
  start: { cause: RefreshCause };
  /** New credentials are held; `remaining` is in seconds, Infinity without expiry. */
  refresh: { remaining: number };
  /** A refresh failed; `waited`: callers were waiting for it. */
  failure: { error: EvercredsError; waited: boolean };
  /** A service rejected the credentials; `spaced`: again so soon that attempts are spaced. */
  rejection: { spaced: boolean };
  /** A refresh that callers waited for failed, and what is held is served on. */
  degraded: { remaining: number };
  /** Something that is no error, such as windows that do not fit the lifetime. */
  warning: { message: string };
  /** The session was closed. */
  close: Record<string, never>;
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

const NAMES: readonly Name[] = [
  ...(["start", "refresh", "failure", "rejection", "degraded", "warning", "close"] as const),
];

const CAUSES: Readonly<Record<number, RefreshCause>> = {
  [abi.Cause.FIRST]: "first",
  [abi.Cause.ADVISORY]: "advisory",
  [abi.Cause.MANDATORY]: "mandatory",
  [abi.Cause.REJECTED]: "rejected",
  [abi.Cause.FORCED]: "forced",
  [abi.Cause.IDLE]: "idle",
  [abi.Cause.MIN_TTL]: "min_ttl",
  [abi.Cause.DEGRADED]: "degraded",
};

const NOBODY: ReadonlySet<Listener> = new Set();

/** What a decision alone does not tell. */
export interface Details {
  remaining(): number;
  lastError(): EvercredsError | undefined;
}

/** The channels of the process; none where the platform has no such thing. */
const CHANNELS = new Map(NAMES.map((name) => [name, platform?.channel(`evercreds:${name}`)]));

/** The listeners of one session, and the channels that all sessions share. */
export class Events {
  readonly #listeners = new Map<Name, Set<Listener>>();
  readonly #whose: { session: number; method: Method };

  constructor(whose: { session: number; method: Method }) {
    this.#whose = whose;
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
    const own: Listener = (event) => {
      listener(event as SessionEvents[K]);
    };
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return () => {
      listeners.delete(own);
    };
  }

  /**
   * Tells those who listen now, a little later: they may use the session, and what
   * they throw is as uncaught as what a timer throws. Channels see to that themselves.
   */
  tell<K extends Name>(name: K, event: () => SessionEvents[K]): void {
    const listeners = this.#listeners.get(name) ?? NOBODY;
    const channel = CHANNELS.get(name);
    const watched = channel?.hasSubscribers === true;
    if (listeners.size === 0 && !watched) return;
    const told = event();
    if (watched) {
      queueMicrotask(() => {
        channel.publish({ ...this.#whose, ...told });
      });
    }
    for (const listener of [...listeners]) {
      queueMicrotask(() => {
        if (listeners.has(listener)) listener(told);
      });
    }
  }

  /** Tells what a decision notes. */
  tellOf({ started, startCause, notes }: Decision, details: Details): void {
    const noted = (note: number) => (notes & note) !== 0;
    if (noted(abi.Note.REJECTED)) {
      this.tell("rejection", () => ({ spaced: noted(abi.Note.SPACED) }));
    }
    if (started !== 0) this.tell("start", () => ({ cause: CAUSES[startCause] ?? "first" }));
    if (noted(abi.Note.INSTALLED | abi.Note.LATE_INSTALLED)) {
      this.tell("refresh", () => ({ remaining: details.remaining() }));
    }
    const error = noted(abi.Note.FAILED | abi.Note.FAILED_QUIETLY)
      ? details.lastError()
      : undefined;
    if (error !== undefined) {
      this.tell("failure", () => ({ error, waited: noted(abi.Note.FAILED) }));
    }
    if (noted(abi.Note.DEGRADED)) {
      this.tell("degraded", () => ({ remaining: details.remaining() }));
    }
    if (noted(abi.Note.WINDOWS_SHRUNK)) {
      const message =
        "advisoryTimeout and mandatoryTimeout are too long for the lifetime; shorter ones are in force";
      this.tell("warning", () => ({ message }));
    }
  }
}
