import * as abi from "../library/abi-generated.js";
import { afterArrivals } from "../common/clock.js";
import { peek, quietly } from "../common/guard.js";
import { hexOf } from "../library/fingerprint.js";
import type { Decision } from "../library/machine.js";
import type { Meeting, Turn } from "../share/meeting.js";
import type { StoreTrouble } from "./facts.js";
import type { Event } from "./follow.js";
import { type SharingHost, type Visit, Visits } from "./visits.js";

/** A call of the store, until its answer was put. */
interface Call {
  readonly number: number;
  readonly untilMs: number;
  readonly owner: string;
  readonly generation: number;
  readonly visit: Visit;
  readonly abort: AbortController;
}

/** Asks the store, and gives the event that its answer is. */
type Question = (call: Call) => Promise<Event>;

/** More calls of a store that does not heed their end are not made. */
const MOST_CALLS = 16;

/** A call ends so much later than its bound at least: an answer that comes late is taken. */
const GRACE_MS = 1000;

/**
 * Makes the calls of the store that the machine asks for, and puts their answers. What
 * calls are waited for, and for how long, the machine knows by their numbers.
 */
export class Sharing {
  readonly #meeting: Meeting;
  readonly #host: SharingHost;
  readonly #visits: Visits;
  readonly #calls = new Set<Call>();
  #owner = newOwner();
  #generation = 0;
  #isClosed = false;
  /** Why the call failed that the machine is told of now. */
  #trouble: StoreTrouble = "timeout";

  constructor(meeting: Meeting, host: SharingHost) {
    this.#meeting = meeting;
    this.#host = host;
    this.#visits = new Visits(host);
  }

  /** Whether an answer may be there that nobody has heard yet. */
  get isWaiting(): boolean {
    return this.#calls.size > 0;
  }

  /** Makes the call of a decision. Returns at once. */
  call(decision: Decision): void {
    void this.#make(decision, this.#question(decision));
  }

  /** Why the last event made the store fail. Where no call was reported: its time. */
  takeTrouble(): StoreTrouble {
    const trouble = this.#trouble;
    this.#trouble = "timeout";
    return trouble;
  }

  /** The machine does not know the calls any more, and the session is another member. */
  lose(): void {
    this.#generation++;
    this.#owner = newOwner();
    this.#visits.forget();
  }

  /** Gives the turn back. What is published meanwhile may come to its end. */
  close(parting: Decision | undefined): void {
    const isLeaving = parting !== undefined && parting.share !== abi.Share.NONE;
    const question = isLeaving ? this.#question(parting) : undefined;
    this.#generation++;
    this.#isClosed = true;
    if (isLeaving && question !== undefined) void this.#make(parting, question);
    else this.#endIfOver();
  }

  async #make(decision: Decision, question: Question): Promise<void> {
    const call = this.#begin(decision);
    const stop = this.#endAfter(call);
    try {
      await Promise.resolve(); // the call of the machine that asked for it is to return first
      const event = await question(call);
      if (call.generation === this.#generation && !this.#isClosed) this.#put(call, event);
    } catch (error) {
      this.#failed(call, error);
    } finally {
      stop();
      this.#calls.delete(call);
      this.#endIfOver();
    }
  }

  #begin({ share, shareCall, shareUntil, shareSet }: Decision): Call {
    const call = {
      number: shareCall,
      untilMs: shareUntil,
      owner: this.#owner,
      generation: this.#generation,
      visit: this.#visits.of(share, shareSet, this.#isClosed),
      abort: new AbortController(),
    };
    this.#calls.add(call);
    return call;
  }

  /**
   * Tells a call to end, some time after its bound. The second span begins when the first
   * one was seen to end: a process that was stopped must not mistake its sleep for silence.
   */
  #endAfter({ untilMs, abort }: Call): () => void {
    const { clock } = this.#host;
    const boundMs = untilMs === abi.NEVER ? GRACE_MS : Math.max(0, untilMs - clock.elapsed());
    const abortSoon = () => {
      afterArrivals(() => {
        abort.abort(new Error("the store gave no answer in time"));
      });
    };
    let stop = clock.after(
      boundMs,
      () => {
        stop = clock.after(Math.max(boundMs, GRACE_MS), abortSoon, false);
      },
      false,
    );
    return () => {
      stop();
    };
  }

  /** What the machine refuses is no record. */
  #put(call: Call, event: Event): void {
    try {
      this.#host.put(event);
    } catch {
      this.#fail(call, abi.StoreFailure.UNREADABLE, "record");
    }
  }

  #failed(call: Call, error: unknown): void {
    const { UNREACHABLE, UNREADABLE } = abi.StoreFailure;
    if (peek(error, "isUnreadable") === true) {
      this.#fail(call, UNREADABLE, "record");
      return;
    }
    const before = peek(error, "beforeStore"); // not by its class: there may be two copies of it
    const isKnown = before === "key" || before === "principal" || before === "timeout";
    const trouble = isKnown ? before : "store";
    this.#fail(call, UNREACHABLE, trouble);
  }

  /** After its bound the machine has given the call up, or is about to. */
  #fail({ number, untilMs, generation }: Call, failure: number, trouble: StoreTrouble): void {
    const { clock, put } = this.#host;
    if (generation !== this.#generation || this.#isClosed || clock.elapsed() >= untilMs) return;
    quietly(() =>
      put((machine) => {
        this.#trouble = trouble;
        return machine.shareFailed(number, failure);
      }),
    );
  }

  #question(decision: Decision): Question {
    if (this.#calls.size >= MOST_CALLS) return () => Promise.reject(new TooManyCalls());
    switch (decision.share) {
      case abi.Share.LOOK:
        return (call) => this.#look(call);
      case abi.Share.CAMPAIGN:
        return (call) => this.#campaign(call, decision);
      case abi.Share.PUBLISH:
        return this.#publication(decision);
      default:
        return (call) => this.#resign(call, decision);
    }
  }

  async #look(call: Call): Promise<Event> {
    const look = await this.#meeting.look(call.owner, call.abort.signal);
    const { credentials, set, saw } = look;
    checkNumbers(look.clockMs, look.turn, look.turnLeftMs, look.notice, look.noticeLeftMs);
    if (call.generation === this.#generation) this.#visits.looked(call.visit, look);
    if (saw.isForeign) throw Object.assign(new Error("a foreign entry"), { isUnreadable: true });
    return (machine) => {
      if (set !== undefined && credentials !== undefined) {
        const { hash, expiryMs } = set;
        this.#host.sets.store(call.number, { credentials, hash, expiryMs });
      }
      return machine.shareFound(call.number, look);
    };
  }

  async #campaign(call: Call, { shareNumber, shareSpan }: Decision): Promise<Event> {
    const { visit, owner, abort } = call;
    const asked = { owner, seen: shareNumber, saw: visit.saw, turnMs: shareSpan };
    const turn = await this.#meeting.campaign(asked, abort.signal);
    const isHeard = call.generation === this.#generation && !this.#isClosed;
    if (!isHeard && turn.won) this.#giveBack(call, turn);
    checkNumbers(turn.clockMs, turn.number, turn.leftMs);
    this.#visits.heard(visit, turn.clockMs);
    return (machine) => {
      const applied = machine.shareLed(call.number, turn);
      if (turn.won) this.#won(call, turn);
      return applied;
    };
  }

  /** A turn that nobody waited for any more would, where it is a lock, never end. */
  #won(call: Call, turn: Turn): void {
    const leads = this.#host.read(abi.Status.SHARE) === abi.ShareState.LEADING;
    if (leads) this.#visits.count(call.visit);
    else this.#giveBack(call, turn);
  }

  #giveBack({ owner }: Call, { number }: Turn): void {
    const farewell = { owner, number, notice: 0, noticeMs: 0 };
    const abort = new AbortController();
    this.#meeting.resign(farewell, abort.signal).catch(() => undefined);
  }

  /** The set and its facts are those of now: others may be held when the call is made. */
  #publication(decision: Decision): Question {
    const { shareCall, shareSet, shareNumber: generation, shareSpan: leftMs } = decision;
    const { clock, read, sets } = this.#host;
    const set = sets.get(shareSet);
    const lifeMs = read(abi.Status.LIFETIME_MS); // of what is held, which is this set
    const decidedMs = clock.elapsed();
    return async ({ owner, visit, abort }) => {
      // who has other keys must not fight for the record
      if (set === undefined || visit.saw.isForeign) {
        throw Object.assign(new Error("nothing to publish"), { isUnreadable: true });
      }
      const endsMs = this.#visits.ends(visit, decidedMs, leftMs);
      const replaces = hexOf(decision.replaces);
      const shared = { owner, set, generation, lifeMs, leftMs, endsMs, replaces };
      const { junk } = visit.saw;
      const answer = await this.#meeting.publish({ ...shared, junk }, abort.signal);
      checkNumbers(answer.clockMs);
      this.#visits.heard(visit, answer.clockMs);
      return (machine) => machine.shareDone(shareCall, answer.stored);
    };
  }

  async #resign(call: Call, decision: Decision): Promise<Event> {
    const { shareNumber: number, shareNotice: notice, shareSpan: noticeMs } = decision;
    const farewell = { owner: call.owner, number, notice, noticeMs };
    await this.#meeting.resign(farewell, call.abort.signal);
    return (machine) => machine.shareDone(call.number, true);
  }

  /** After the last call of a session that is closed. */
  #endIfOver(): void {
    if (!this.#isClosed || this.#calls.size > 0) return;
    quietly(() => {
      this.#meeting.close();
    });
  }
}

/** No call: too many have had no answer. */
class TooManyCalls extends Error {
  readonly beforeStore = "timeout";
}

/** More than any store's clock tells, and than any turn's number. */
const FARTHEST = 2 ** 51;

/** What a store gave may be anything. */
function checkNumbers(...numbers: readonly unknown[]): void {
  const fit = (n: unknown) => Number.isInteger(n) && (n as number) >= 0 && (n as number) < FARTHEST;
  if (numbers.every(fit)) return;
  throw Object.assign(new Error("the store gave no record"), { isUnreadable: true });
}

/** 128 random bits: two processes never have the same. */
function newOwner(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
