import * as abi from "../abi_generated.js";
import { type Decision, readDecision } from "../decision.js";
import type { Exports, Runtime } from "../runtime.js";
import { Args, BadLine } from "./args.js";
import { CacheEvents } from "./caches.js";
import { rule } from "./rules.js";
import { showDecision, showStatus, type Tickets } from "./show.js";
import { accepted, BASE_MS, formatSpan, numbers, parseSpan, refusal, Refused } from "./words.js";

const STATUSES = new Map(
  Object.entries(abi.Status).map(([name, n]) => [name.toLowerCase().replace(/_ms$/, ""), n]),
);

/** A call that gives a decision, or a code below zero. */
type Event = (exports: Exports, handle: number, wall: number, elapsed: number) => number;

/** Replays one scenario, the text language of docs/conformance.md. */
export class Replayer {
  readonly #runtime: Runtime;
  readonly #caches: CacheEvents;
  readonly #tickets: Tickets = [];
  #wall = BASE_MS;
  #elapsed = 0;
  #handle = 0;
  #snapshot: Uint8Array | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#caches = new CacheEvents(runtime);
  }

  /** The answers to all lines of a scenario. Throws BadLine with the line's number. */
  replay(text: string): string {
    let out = "";
    text.split("\n").forEach((raw, at) => {
      const line = raw.replace(/[ \t\r]+$/, "");
      if (/^($|[# \t])/.test(line)) return;
      try {
        out += `${line}\n  ${this.#answer(line)}\n`;
      } catch (error) {
        if (error instanceof BadLine) throw new BadLine(`line ${at + 1}: ${error.message}`);
        throw error;
      }
    });
    return out;
  }

  #answer(line: string): string {
    try {
      return this.#event(line);
    } catch (error) {
      if (error instanceof Refused) return `refused ${error.message}`;
      throw error;
    }
  }

  #event(line: string): string {
    let event = line;
    if (line.startsWith("+")) {
      const [step = "", ...rest] = line.slice(1).split(" ");
      const ms = parseSpan(step);
      if (ms === undefined || ms < 0) throw new BadLine(`"${step}" is not a span`);
      this.#wall += ms;
      this.#elapsed += ms;
      event = rest.join(" ").trimStart();
    }
    const [verb = ""] = event.split(" ", 1);
    const rest = event.slice(verb.length + 1);
    if (verb === "rule") return rule(this.#runtime, rest);
    const args = new Args(rest);
    return verb === "cache" ? this.#caches.event(args) : this.#session(verb, args);
  }

  #session(verb: string, args: Args): string {
    if (verb === "clock") return this.#clock(args);
    if (verb === "open") return this.#open(args);
    if (this.#handle === 0) throw new BadLine("there is no session: open one first");
    switch (verb) {
      case "snapshot":
        return this.#takeSnapshot(args);
      case "restore":
        return this.#restore(args);
      case "status":
        return this.#status(args);
    }
    const event = this.#read(verb, args);
    args.finish();
    return this.#decide((x, wall, elapsed) => event(x, this.#handle, wall, elapsed));
  }

  /** Reads an event of a session: the call that it stands for. */
  #read(verb: string, args: Args): Event {
    const minTtl = args.span("min_ttl") ?? 0;
    const { low, high, evidence } = readOther(args);
    const until = args.span("until") ?? 0;
    switch (verb) {
      case "ask":
        return (x, h, wall, elapsed) =>
          x.evercreds_ask(h, wall, elapsed, minTtl, low, high, evidence, until);
      case "leave":
        return (x, h, wall, elapsed) =>
          x.evercreds_leave(h, wall, elapsed, minTtl, low, high, evidence);
      case "force":
        return (x, h, wall, elapsed) => x.evercreds_force(h, wall, elapsed);
      case "wake":
        return (x, h, wall, elapsed) => x.evercreds_wake(h, wall, elapsed);
      case "close":
        return (x, h) => x.evercreds_session_close(h);
      case "invalidate": {
        const set = args.hash("fp");
        return (x, h, wall, elapsed) => x.evercreds_invalidate(h, set.low, set.high, wall, elapsed);
      }
    }
    const forced = args.word("forced") ? 1 : 0;
    const ticket = this.#named(args);
    switch (verb) {
      case "answer":
        return (x, h, wall, elapsed) =>
          // prettier-ignore
          x.evercreds_answer(
            h, ticket, wall, elapsed, minTtl, low, high, evidence, until, forced);
      case "abandon":
        return (x, h, wall, elapsed) => x.evercreds_abandon(h, ticket, wall, elapsed);
      case "prompted":
        return (x, h, wall, elapsed) => x.evercreds_prompted(h, ticket, wall, elapsed);
      case "fail":
        return readFail(args, ticket);
      case "complete":
        return this.#readComplete(args, ticket);
    }
    throw new BadLine(`"${verb}" is no event`);
  }

  #readComplete(args: Args, ticket: number): Event {
    const { low, high } = args.hash("fp");
    const duration = args.span("duration") ?? 0;
    const server = args.span("server");
    const source = this.#wall + (server ?? 0);
    const life = args.span("life");
    const expires = args.span("expires");
    const expiry = args.word("endless")
      ? abi.NEVER
      : life !== undefined
        ? source + life
        : BASE_MS + (expires ?? NaN);
    if (Number.isNaN(expiry)) throw new BadLine("complete needs life=D, expires=D or endless");
    const serverTime = server === undefined ? 0 : source;
    return (x, h, wall, elapsed) =>
      // prettier-ignore
      x.evercreds_complete(h, ticket, wall, elapsed, expiry, low, high, duration, serverTime);
  }

  #clock(args: Args): string {
    this.#wall += args.span("wall") ?? 0;
    this.#elapsed += args.span("elapsed") ?? 0;
    args.finish();
    return `clock wall=${formatSpan(this.#wall - BASE_MS)} elapsed=${formatSpan(this.#elapsed)}`;
  }

  #open(args: Args): string {
    const options = args.options();
    const seed = args.hash("seed");
    args.finish();
    this.#free();
    const made = accepted(this.#runtime.run(undefined, (x) => x.evercreds_session_new()));
    for (const [option, value] of options) {
      accepted(
        this.#runtime.run(undefined, (x) => x.evercreds_session_option(made, option, value)),
      );
    }
    const answer = this.#decide((x, wall, elapsed) =>
      x.evercreds_session_open(made, wall, elapsed, seed.low, seed.high),
    );
    this.#handle = made;
    return answer;
  }

  #takeSnapshot(args: Args): string {
    args.finish();
    const length = accepted(
      this.#runtime.run(undefined, (x) => x.evercreds_session_snapshot(this.#handle, 0)),
    );
    this.#snapshot = this.#runtime.read(length);
    const sum = [...this.#snapshot.slice(-8)].map((byte) => byte.toString(16).padStart(2, "0"));
    return `snapshot bytes=${this.#snapshot.length} sum=${sum.join("")}`;
  }

  #restore(args: Args): string {
    if (this.#snapshot === undefined) throw new BadLine("there is no snapshot: take one first");
    const bytes = this.#snapshot.slice();
    const damage = args.take("damage");
    if (damage !== undefined) {
      const byte = bytes[Number(damage)];
      if (byte === undefined) throw new BadLine("damage is beyond the snapshot");
      bytes[Number(damage)] = byte ^ 1;
    }
    const seed = args.hash("seed");
    args.finish();
    let restored = 0;
    const answer = this.#decide((x, wall, elapsed) => {
      const length = this.#runtime.write(bytes);
      restored = x.evercreds_session_restore(length, wall, elapsed, seed.low, seed.high);
      return restored;
    });
    this.#free();
    this.#handle = restored;
    return answer;
  }

  #status(args: Args): string {
    const values = args.all().map((name) => {
      const field = STATUSES.get(name);
      if (field === undefined) throw new BadLine(`"${name}" is no status field`);
      const value = this.#runtime.run(undefined, (x) =>
        x.evercreds_session_status(this.#handle, this.#wall, this.#elapsed, field),
      );
      return ` ${name}=${showStatus(field, accepted(value), this.#tickets)}`;
    });
    return `status${values.join("")}`;
  }

  #decide(call: (exports: Exports, wall: number, elapsed: number) => number): string {
    const result = this.#runtime.run(undefined, (x): Decision | number => {
      const code = call(x, this.#wall, this.#elapsed);
      return code < 0 ? code : readDecision(this.#runtime.slots());
    });
    if (typeof result === "number") throw new Refused(refusal(result));
    return showDecision(result, this.#tickets);
  }

  #named(args: Args): number {
    const n = args.ticket();
    return this.#tickets[n - 1] ?? n;
  }

  #free(): void {
    if (this.#handle === 0) return;
    const handle = this.#handle;
    this.#handle = 0;
    this.#runtime.run(undefined, (x) => x.evercreds_session_free(handle));
  }
}

/** The set that a service refused to the caller, and how surely. */
function readOther(args: Args): { low: number; high: number; evidence: number } {
  const strong = args.has("other") ? abi.Evidence.STRONG : abi.Evidence.NONE;
  const evidence = args.word("weak") ? abi.Evidence.WEAK : strong;
  return { ...(args.has("other") ? args.hash("other") : { low: 0, high: 0 }), evidence };
}

function readFail(args: Args, ticket: number): Event {
  const kind = numbers(abi.ErrorClass).get(args.take("class") ?? "") ?? 0;
  if (kind === 0) throw new BadLine("class must be recoverable, permanent or throttled");
  const reason = args.word("malformed") ? abi.Code.MALFORMED : abi.Code.SOURCE;
  const retryAfter = args.span("retry_after") ?? 0;
  return (x, h, wall, elapsed) =>
    x.evercreds_fail(h, ticket, wall, elapsed, kind, reason, retryAfter);
}
