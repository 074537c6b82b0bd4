import * as abi from "../../src/library/abi-generated.js";
import { EvercredsError, EvercredsValidationError } from "../../src/errors.js";
import { Events, type SessionEvents } from "../../src/host/events.js";
import { FailureReader } from "../../src/host/failures.js";
import { Host } from "../../src/host/host.js";
import { Machine, OptionRefused } from "../../src/library/machine.js";
import { readNeeds } from "../../src/needs.js";
import { Rules } from "../../src/library/rules.js";
import type { Runtime } from "../../src/library/runtime.js";
import type { AwsCredentials } from "../../src/sources/source.js";
import { VirtualClock } from "../support/clock.js";
import { ScriptedSource } from "./source.js";
import { ScriptedStore } from "./store.js";
import { camel, snake, Words } from "./words.js";

const GAVE_UP = new Error("gave up");

/** One scenario: a session on virtual time, its callers, and what they get. */
export class Scene {
  readonly #runtime: Runtime;
  readonly #clock = new VirtualClock();
  readonly #source = new ScriptedSource(this.#clock, (line) => this.#lines.push(line));
  readonly #store = new ScriptedStore(this.#clock, (line) => this.#lines.push(line));
  readonly #events = new Events({ session: 1, method: "custom" }, this.#source.names);
  readonly #callers = new Map<string, AbortController>();
  #host: Host | undefined;
  #lines: string[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#listen();
  }

  /** What has come of the last event. */
  take(): string[] {
    const waiting = [...this.#callers.keys()].map((caller) => `${caller} waits`);
    return [...this.#lines.splice(0), ...waiting];
  }

  /** Frees what the scenario has left. */
  end(): void {
    this.#host?.close();
  }

  async play(verb: string, words: string[]): Promise<void> {
    if (verb === "open") this.#open(new Words(words));
    else if (verb === "clock") await this.#clock.advance(Number(words[0]));
    else if (verb === "wall") this.#clock.step(Number(words[0]));
    else if (this.#host !== undefined) this.#try(this.#host, verb, words);
    await this.#clock.settled();
  }

  /** What cannot be played is an answer too. */
  #try(host: Host, verb: string, words: string[]): void {
    try {
      this.#event(host, verb, words);
    } catch (error) {
      this.#lines.push(error instanceof Error ? error.message : String(error));
    }
  }

  #event(host: Host, verb: string, [first = "", ...rest]: string[]): void {
    const [words, n] = [new Words(rest), Number(first)];
    switch (verb) {
      case "ask":
        this.#call(first, (signal) => this.#ask(host, words, signal));
        break;
      case "refresh":
        this.#call(first, (signal) => host.refresh(signal));
        break;
      case "give_up":
        this.#callers.get(first)?.abort(GAVE_UP);
        break;
      case "invalidate":
        host.invalidate(this.#source.identity(n));
        break;
      case "answer":
      case "fail":
        this.#source[verb](n, words);
        break;
      case "die":
      case "prompted":
        this.#source[verb](n);
        break;
      case "reenter":
        this.#source.inside(n, () => {
          this.#ask(host, words).then(
            (set) => this.#lines.push(`source gets ${this.#shown(set)}`),
            (error: unknown) => this.#lines.push(`refused ${n} ${codeOf(error)}`),
          );
        });
        break;
      case "status":
        this.#lines.push(`status ${[first, ...rest].map((f) => this.#field(host, f)).join(" ")}`);
        break;
      case "close":
        host.close();
        break;
      case "fault":
        this.#break(host);
        break;
      case "hints":
        host.hint();
        break;
      case "finds":
      case "gives":
      case "keeps":
      case "takes":
      case "refuses":
      case "store_fails":
        this.#store.answer(verb, [first, ...rest]);
        break;
      default:
        throw new Error("there is no such event");
    }
  }

  /** The instance of the module dies, and the next call restores the session in another. */
  #break(host: Host): void {
    try {
      this.#runtime.run(undefined, () => {
        throw new Error("a fault of the library");
      });
    } catch {
      host.status();
    }
  }

  #open(words: Words): void {
    const given = [...words.entries()].map(([name, value]): [number, number] => {
      const option = (abi.Option as Readonly<Record<string, number>>)[name.toUpperCase()];
      return [option ?? 0, value];
    });
    const method = words.number("method") ?? abi.Method.CUSTOM;
    const failures = new FailureReader(method, new Rules(this.#runtime));
    const host = new Host(this.#clock, this.#source, failures, this.#events, this.#store);
    const options: [number, number][] = [[abi.Option.METHOD, method], ...given];
    const seed = () => ({ low: 1, high: 0 });
    try {
      host.open(new Machine(this.#runtime, this.#clock, host, options, seed));
      this.#host = host;
    } catch (error) {
      if (!(error instanceof OptionRefused)) throw error;
      this.#lines.push(`refused ${abi.OPTION_NAMES[error.option] ?? "option"}`);
    }
  }

  async #ask(host: Host, words: Words, signal?: AbortSignal): Promise<AwsCredentials> {
    const [other, evidence = 0] = [words.number("other"), words.number("evidence")];
    const set = other === undefined ? undefined : this.#source.identity(other);
    const minTtl = words.number("min_ttl") ?? 0;
    readNeeds({ minTtl: minTtl / 1000 }, ["minTtl"]);
    return host.credentialsFor({ minTtlMs: minTtl, signal, refused: set && { set, evidence } });
  }

  #call(caller: string, ask: (signal: AbortSignal) => Promise<AwsCredentials>): void {
    const leaving = new AbortController();
    this.#callers.set(caller, leaving);
    const end = (line: string) => {
      this.#callers.delete(caller);
      this.#lines.push(line);
    };
    ask(leaving.signal).then(
      (set) => {
        end(`${caller} gets ${this.#shown(set)}`);
      },
      (error: unknown) => {
        end(this.#failure(caller, error));
      },
    );
  }

  #shown({ accessKeyId, expiration }: AwsCredentials): string {
    const left = expiration === undefined ? "never" : +expiration - this.#clock.wall();
    return `${accessKeyId.slice("AKID".length)} left=${left}`;
  }

  #failure(caller: string, error: unknown): string {
    if (error === GAVE_UP) return `${caller} gave up`;
    if (error instanceof EvercredsValidationError) return `refused ${snake(error.parameter)}`;
    if (!(error instanceof EvercredsError)) return `${caller} fails ${String(error)}`;
    const wait = Math.max(0, (error.retryAt?.getTime() ?? 0) - this.#clock.wall());
    const isPlain = ["closed", "reentrant", "min-ttl"].includes(error.code);
    const details = [!isPlain && error.class, wait > 0 && `retry=${wait}`].filter(Boolean);
    return [`${caller} fails ${snake(error.code)}`, ...details].join(" ");
  }

  #field(host: Host, name: string): string {
    const { counters, ...rest } = host.status();
    const fields = { ...rest, ...counters } as Record<string, unknown>;
    const value = fields[camel(name)] as number | string | boolean | undefined;
    const unit = Object.values(abi.FIELDS).find(([known]) => known === camel(name))?.[1];
    if (unit === "span") return `${name}=${left(Number(value))}`;
    if (unit === "truth") return `${name}=${Number(value)}`;
    return `${name}=${value === undefined ? "none" : snake(String(value))}`;
  }

  #listen(): void {
    const tell = <K extends keyof SessionEvents>(
      name: K,
      show: (event: SessionEvents[K]) => (string | false)[] = () => [],
    ) =>
      this.#events.on(name, (event) => {
        this.#lines.push(["told", name, ...show(event).filter(Boolean)].join(" "));
      });
    tell("start", ({ cause }) => [snake(cause)]);
    tell("refresh", ({ remaining }) => [`left=${left(remaining)}`]);
    tell("failure", ({ error, waited }) => [snake(error.code), waited && "waited"]);
    tell("rejection", ({ scope, spaced }) => [scope, spaced && "spaced"]);
    tell("degraded", ({ remaining }) => [`left=${left(remaining)}`]);
    tell("warning");
    tell("share", ({ share, reason }) => [snake(share), reason ?? false]);
    tell("close");
  }
}

function codeOf(error: unknown): string {
  return error instanceof EvercredsError ? snake(error.code) : String(error);
}

function left(seconds: number): string | number {
  return seconds === Infinity ? "never" : Math.round(seconds * 1000);
}
