import { setTimeout as sleep } from "node:timers/promises";
import type { Store, StoreCall, StoreEntry, StoreRecord } from "../store.js";

/** An entry in a case; `sealed` is in base64. */
interface EntryText {
  readonly generation: number;
  readonly fingerprint: string;
  readonly expiry_ms: number;
  readonly sealed: string;
}

/** What is compared; what is not named is not. */
interface Want {
  readonly won?: boolean;
  readonly stored?: boolean;
  readonly number?: number;
  readonly owner?: string;
  readonly turn?: "runs" | "over";
  readonly turn_at_least_ms?: number;
  readonly entry?: EntryText | null;
  readonly notice?: string;
  readonly notice_counts?: boolean;
}

/** One call of a case. */
interface Step {
  readonly call: "read" | "campaign" | "publish" | "resign" | "until";
  readonly key?: number;
  readonly owner?: string;
  readonly seen?: number;
  readonly saw_number?: number;
  readonly saw_fingerprint?: string;
  readonly turn_ms?: number;
  readonly number?: number;
  readonly entry?: EntryText;
  readonly replaces?: string;
  readonly junk?: { readonly generation: number; readonly fingerprint: string };
  readonly ttl_ms?: number;
  readonly notice?: string;
  readonly notice_ms?: number;
  readonly what?: "turn_over" | "notice_over";
  readonly want?: Want;
}

/** A case: calls one after the other, with what they must answer. */
export interface Scene {
  readonly rule: number;
  readonly name: string;
  /** Its steps cannot be made twice each. */
  readonly once?: boolean;
  readonly steps: readonly Step[];
}

/** The longest turn and notice of the cases. */
const LONGEST_MS = 60_000;

const HOUR_MS = 3_600_000;

/** A call has a minute, so that a machine under load is no fault. */
export function minute(): StoreCall {
  return { signal: AbortSignal.timeout(60_000), exclusive: false };
}

/** A key that nobody else has, as sessions make them. */
export function newKey(): string {
  return `evercreds1:${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Plays a case, and then once more on other keys, with each call made twice. */
export async function playScene(
  store: Store,
  scene: Scene,
  owners: Readonly<Record<string, string>>,
): Promise<void> {
  for (const times of scene.once === true ? [1] : [1, 2]) {
    const player = new Player(store, owners);
    for (const [i, step] of scene.steps.entries()) {
      for (let time = 1; time <= times; time++) {
        const wrong = await player.play(step);
        if (wrong === undefined) continue;
        const where = `step ${i + 1}, ${step.call} of ${step.owner ?? "nobody"} (time ${time})`;
        throw new Error(`rule ${scene.rule}: ${where}: ${wrong}`);
      }
    }
  }
}

/** Plays steps on keys of its own. */
class Player {
  readonly #store: Store;
  readonly #owners: Readonly<Record<string, string>>;
  readonly #keys = [newKey(), newKey()];

  constructor(store: Store, owners: Readonly<Record<string, string>>) {
    this.#store = store;
    this.#owners = owners;
  }

  /** Makes one call, and tells what is wrong with its answer; undefined: nothing. */
  async play(step: Step): Promise<string | undefined> {
    const { want = {} } = step;
    const key = this.#keys[step.key ?? 0] ?? "";
    const owner = this.#owner(step.owner);
    switch (step.call) {
      case "read":
        return this.#wrongIn(await this.#store.read(key, minute()), want);
      case "campaign": {
        const saw = { number: step.saw_number ?? 0, fingerprint: step.saw_fingerprint ?? ZEROS };
        const asked = { owner, seen: step.seen ?? 0, saw, turnMs: step.turn_ms ?? 0 };
        const { won, number, leftMs } = await this.#store.campaign(key, asked, minute());
        return (
          differ("won", won, want.won) ??
          differ("number", number, want.number) ??
          wrongTurn(leftMs, want)
        );
      }
      case "publish": {
        const answer = await this.#store.publish(key, publicationOf(step, owner), minute());
        return differ("stored", answer.stored, want.stored);
      }
      case "resign": {
        const { number = 0, notice = "", notice_ms: noticeMs = 0 } = step;
        const asked = { owner, number, notice: bytes(notice), noticeMs, ttlMs: HOUR_MS };
        await this.#store.resign(key, asked, minute());
        return undefined;
      }
      case "until":
        return this.#until(key, step.what);
    }
  }

  #owner(name = ""): string {
    return this.#owners[name] ?? "";
  }

  /** Reads until time has ended what was to end. */
  async #until(key: string, what: Step["what"]): Promise<undefined> {
    for (const call = minute(); ;) {
      const { turnLeftMs, noticeLeftMs } = await this.#store.read(key, call);
      if ((what === "turn_over" ? turnLeftMs : noticeLeftMs) === 0) return undefined;
      await sleep(5, undefined, { signal: call.signal });
    }
  }

  #wrongIn(record: StoreRecord, want: Want): string | undefined {
    const { notice, noticeLeftMs } = record;
    if (noticeLeftMs > LONGEST_MS) return `the notice has ${noticeLeftMs} ms left`;
    const owner = want.owner === undefined ? undefined : this.#owner(want.owner);
    return (
      differ("number", record.number, want.number) ??
      differ("owner", record.owner, owner) ??
      wrongTurn(record.turnLeftMs, want) ??
      wrongEntry(record.entry, want.entry) ??
      differ("notice", base64(notice), want.notice) ??
      differ("whether the notice counts", noticeLeftMs > 0, want.notice_counts)
    );
  }
}

const ZEROS = "0".repeat(16);

function publicationOf(step: Step, owner: string) {
  const { number = 0, replaces = ZEROS, ttl_ms: ttlMs = HOUR_MS, junk } = step;
  const { sealed = "", generation = 0, fingerprint = ZEROS, expiry_ms = 0 } = step.entry ?? {};
  const entry = { sealed: bytes(sealed), generation, fingerprint, expiryMs: expiry_ms };
  return { owner, number, entry, replaces, ttlMs, junk };
}

function wrongTurn(leftMs: number, want: Want): string | undefined {
  const isWrong =
    want.turn === "runs"
      ? leftMs <= (want.turn_at_least_ms ?? 0) || leftMs > LONGEST_MS
      : want.turn === "over" && leftMs !== 0;
  return isWrong ? `the turn has ${leftMs} ms left, and should be: ${want.turn ?? ""}` : undefined;
}

function wrongEntry(got: StoreEntry, want: Want["entry"]): string | undefined {
  if (want === undefined) return undefined;
  const { generation = 0, fingerprint = ZEROS, expiry_ms = 0, sealed = "" } = want ?? {};
  const shown = (entry: EntryText) => JSON.stringify(entry).slice(0, 200);
  const wanted = { generation, fingerprint, expiry_ms, sealed };
  const found = {
    generation: got.generation,
    fingerprint: got.fingerprint,
    expiry_ms: got.expiryMs,
    sealed: base64(got.sealed),
  };
  if (JSON.stringify(found) === JSON.stringify(wanted)) return undefined;
  return `the entry is ${shown(found)}, not ${shown(wanted)}`;
}

function differ<T>(what: string, got: T, want: T | undefined): string | undefined {
  if (want === undefined || got === want) return undefined;
  return `${what}: got ${String(got)}, want ${String(want)}`;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

function base64(sealed: Uint8Array): string {
  return Buffer.from(sealed).toString("base64");
}
