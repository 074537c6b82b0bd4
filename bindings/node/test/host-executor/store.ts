import * as abi from "../../src/library/abi-generated.js";
import type { Clock } from "../../src/common/clock.js";
import { toHold } from "../../src/host/sets.js";
import { fingerprint, hexOf } from "../../src/library/fingerprint.js";
import {
  BeforeStoreError,
  type Candidate,
  type Farewell,
  type Look,
  type Meeting,
  type SharedSet,
  type Turn,
} from "../../src/share/meeting.js";
import { identity } from "./source.js";

type Kind = "look" | "campaign" | "publish" | "resign";

/** What a scenario has the store answer: a word, and what is said with it. */
interface Answer {
  readonly word: string;
  readonly said: ReadonlyMap<string, string>;
}

/** A call that waits for its answer. */
interface Asked {
  readonly kind: Kind;
  readonly answer: (answer: Answer) => void;
}

/** The calls that each word answers. */
const ANSWERS: Readonly<Record<string, readonly Kind[]>> = {
  finds: ["look"],
  gives: ["campaign"],
  keeps: ["campaign"],
  takes: ["publish", "resign"],
  refuses: ["publish"],
  store_fails: ["look", "campaign", "publish", "resign"],
};

const DAY_MS = 86_400_000;
const NOBODY = "0".repeat(16);

/** A store that answers what a scenario says. Its clock is the elapsed clock, a day ahead. */
export class ScriptedStore implements Meeting {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #waiting: Asked[] = [];

  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Gives the oldest call that a word answers what the scenario says. */
  answer(word: string, words: readonly string[]): void {
    const at = this.#waiting.findIndex(({ kind }) => ANSWERS[word]?.includes(kind));
    const [asked] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (asked === undefined) this.#write(`no call of the store waits for ${word}`);
    const pairs = words.filter(Boolean).map((pair) => pair.split("=") as [string, string]);
    asked?.answer({ word, said: new Map(pairs) });
  }

  async look(): Promise<Look> {
    const { said } = await this.#ask("look");
    const number = (name: string) => Number(said.get(name) ?? 0);
    const [kind = "0", count = "0"] = (said.get("notice") ?? "0*0").split("*");
    const clockMs = this.#clockOf(said);
    const set = said.has("set") ? this.#set(said, clockMs) : undefined;
    const junk = said.get("junk");
    const shown = junk ?? said.get("set");
    return {
      set: set?.facts,
      credentials: set?.credentials,
      turn: number("turn"),
      turnLeftMs: number("turn_left"),
      notice: Number(kind) + 16 * Number(count),
      noticeLeftMs: number("notice_left"),
      clockMs,
      saw: {
        number: number("turn"),
        fingerprint: shown === undefined ? NOBODY : fingerprintOf(shown),
        junk:
          junk === undefined
            ? undefined
            : { generation: number("generation"), fingerprint: fingerprintOf(junk) },
        isForeign: said.get("foreign") === "1",
        hasMet: said.size > 0,
      },
    };
  }

  async campaign({ seen, saw, turnMs }: Candidate): Promise<Turn> {
    const over = saw.fingerprint === NOBODY ? "" : ` over=${numberOf(saw.fingerprint)}`;
    const { word, said } = await this.#ask(
      "campaign",
      `seen=${seen} saw=${saw.number}${over} for=${turnMs}`,
    );
    return {
      won: word === "gives",
      number: Number(said.get("turn") ?? 0),
      leftMs: Number(said.get("left") ?? 0),
      clockMs: this.#clockOf(said),
    };
  }

  async publish(shared: SharedSet): Promise<{ stored: boolean; clockMs: number }> {
    const { set, generation, lifeMs, endsMs, replaces, junk } = shared;
    const words = [
      set.credentials.accessKeyId.slice("AKID".length),
      `generation=${generation}`,
      `life=${lifeMs === abi.NEVER ? "never" : lifeMs}`,
      endsMs !== 0 && `left=${endsMs - this.#clock.elapsed() - DAY_MS}`,
      replaces !== NOBODY && `replaces=${numberOf(replaces)}`,
      junk !== undefined && `junk=${numberOf(junk.fingerprint)}`,
    ];
    const { word, said } = await this.#ask("publish", words.filter(Boolean).join(" "));
    return { stored: word === "takes", clockMs: this.#clockOf(said) };
  }

  async resign({ number, notice, noticeMs }: Farewell): Promise<void> {
    const left = notice === 0 ? "" : ` notice=${notice % 16}*${notice >> 4} for=${noticeMs}`;
    await this.#ask("resign", `turn=${number}${left}`);
  }

  close(): void {
    // nothing is held open
  }

  /** Writes a call, and waits for its answer, whatever becomes of its signal. */
  async #ask(kind: Kind, words = ""): Promise<Answer> {
    this.#write(`${kind} ${words}`.trim());
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push({ kind, answer: resolve });
    });
    if (answer.word !== "store_fails") return answer;
    const trouble = (["key", "principal"] as const).find((name) => answer.said.has(name));
    if (trouble !== undefined) throw new BeforeStoreError(trouble, undefined);
    const isUnreadable = answer.said.get("unreadable") === "1";
    throw Object.assign(new Error("the scenario says so"), { isUnreadable });
  }

  #clockOf(said: Answer["said"]): number {
    return said.get("clockless") === "1" ? 0 : this.#clock.elapsed() + DAY_MS;
  }

  /** Makes up a set of other processes, as one that was opened. */
  #set(said: Answer["said"], clockMs: number) {
    const number = (name: string) => Number(said.get(name) ?? 0);
    const isEndless = said.get("endless") === "1";
    const life = number("life");
    const left = said.has("left") ? number("left") : life - number("age");
    const expiryMs = isEndless ? abi.NEVER : this.#clock.wall() - number("age") + life;
    const known = identity(said.get("set") ?? "");
    const credentials = { ...known, secretAccessKey: `secret-${known.accessKeyId}` };
    const replaced = said.get("replaces");
    const facts = {
      expiryMs,
      hash: toHold({ credentials, expiryMs }).hash,
      lifeMs: isEndless ? abi.NEVER : life,
      leftMs: isEndless || clockMs === 0 ? abi.NEVER : left,
      generation: number("generation"),
      replaces: replaced === undefined ? { low: 0, high: 0 } : fingerprint(identity(replaced)),
    };
    return { facts, credentials };
  }
}

function fingerprintOf(n: string): string {
  return hexOf(fingerprint(identity(n)));
}

/** Which set of the scenario it is. */
function numberOf(of: string): string {
  for (let n = -100; n <= 100; n++) if (fingerprintOf(String(n)) === of) return String(n);
  return "unknown";
}
