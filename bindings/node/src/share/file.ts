import { constants, type Stats } from "node:fs";
import { type FileHandle, open, rename, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { wrong } from "../common/check.js";
import { type Boot, theBoot } from "./boot.js";
import { checkDirectory, defaultDirectory, keyIn, type TypeOf } from "./directory.js";
import { type Lock, lockFile, lockProblem } from "./locks.js";
import {
  emptyRecord,
  type Fields,
  fieldsOf,
  type Kept,
  MAX_RECORD,
  NO_ENTRY,
  seen,
  toJson,
  toKept,
} from "./record.js";
import { campaignOn, publishOn, resignOn, type Ruled } from "./rules.js";
import type {
  Campaign,
  Campaigned,
  Publication,
  Published,
  Resignation,
  Store,
  StoreCall,
  StoreFigures,
  StoreRecord,
} from "./store.js";
import { Turns } from "./turns.js";

/** The bound of a call. */
const CALL_MS = 250;

const MARK_LIFE_MS = 300_000;

/** What is in a file. */
interface InFile {
  readonly kept: Kept;
  /** The boot in which the entry was written, whose clock its end is on. */
  readonly entryBoot: unknown;
  /** The turn is over where its lock can be taken. */
  readonly isLocked: boolean;
  /** Its turn is a lock, and runs for as long as that is held. */
  readonly isExclusive: boolean;
  readonly marks: Readonly<Record<string, number>>;
}

/** Settings of a {@link FileStore}. */
export interface FileStoreOptions {
  /** The bound of a call, in milliseconds: 25 to 10000. Default: 250. */
  readonly callMs?: number | undefined;
}

/**
 * Where the processes of one user on one machine meet: a directory. Linux and macOS.
 * Without `shareKey`, a key in the directory seals what is there, which does not protect it
 * from whoever can read the directory.
 */
export class FileStore implements Store {
  /** As {@link Store.figures}. */
  readonly figures: StoreFigures;
  /** The directory. */
  readonly directory: string;
  readonly #boot: Boot;
  readonly #turns: Turns;

  /**
   * @param directory an absolute path; it is made where there is none. Default:
   *   `$XDG_RUNTIME_DIR/evercreds`, else `~/.cache/evercreds/share`
   * @throws EvercredsValidationError naming `share` for a directory that is not this user's
   *   alone, or on a network file system, and where files cannot be locked
   */
  constructor(directory: string = defaultDirectory(), options: FileStoreOptions = {}) {
    const problem = lockProblem();
    if (problem !== undefined) throw wrong("share", problem, directory);
    const { typeOf } = options as { typeOf?: TypeOf };
    this.directory = checkDirectory(directory, typeOf);
    this.figures = { callMs: options.callMs ?? CALL_MS, pollMs: 25, isLock: true };
    this.#boot = theBoot();
    this.#turns = new Turns((key) => this.#file(key, ".turn"));
  }

  /** @internal The key in the directory, for sessions without one of their own. */
  ownKey(): Uint8Array {
    return keyIn(this.directory);
  }

  /** As {@link Store.read}. */
  async read(key: string): Promise<StoreRecord> {
    const found = await this.#read(key);
    const turnLeftMs = await this.#turnLeft(key, found);
    const now = this.#boot.now();
    const isOfBoot = found.entryBoot === this.#boot.id || found.kept.entry === NO_ENTRY;
    return { ...seen(found.kept, now), turnLeftMs, clockMs: isOfBoot ? now : 0 };
  }

  /**
   * As {@link Store.campaign}. A turn whose lock can be taken is over: its process is gone.
   * One that is won is locked before it is written.
   */
  async campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    const { owner, turnMs } = campaign;
    const { exclusive, signal } = call;
    let lock: Lock | undefined;
    try {
      const answer = await this.#guarded(key, signal, async (found, clockMs) => {
        const { kept, isExclusive } = found;
        const runs = kept.turnEndsMs > clockMs || (isExclusive && kept.turnEndsMs !== 0);
        const isOwn = runs && kept.owner === owner;
        if (isOwn && (this.#turns.has(key, owner) || !(exclusive || isExclusive))) {
          const running = { ...kept, turnEndsMs: clockMs + 1 };
          return { ...campaignOn(running, campaign, clockMs), more: { isExclusive: exclusive } };
        }
        lock = await this.#turns.take(key, owner);
        // without its lock a turn ends by time, if it ever was of that kind
        const isHeld = runs && (lock === undefined || !found.isLocked);
        if (isHeld || (exclusive && lock === undefined)) {
          const leftMs = Math.max(
            kept.turnEndsMs - clockMs,
            exclusive || isExclusive ? LOCKED_MS : 0,
          );
          return { answer: { won: false, number: kept.number, leftMs, clockMs } };
        }
        const ruled = campaignOn({ ...kept, turnEndsMs: 0 }, campaign, clockMs);
        return { ...ruled, more: { isExclusive: exclusive, isLocked: lock !== undefined } };
      });
      if (answer.won && lock !== undefined) {
        this.#turns.keep(key, owner, answer.number, lock);
        lock = undefined;
      }
      if (answer.won && !exclusive) this.#turns.endIn(key, owner, turnMs);
      return answer;
    } finally {
      lock?.release();
    }
  }

  /** As {@link Store.publish}. */
  publish(key: string, publication: Publication, { signal }: StoreCall): Promise<Published> {
    return this.#ending(key, publication, signal, publishOn);
  }

  /** As {@link Store.resign}. */
  async resign(key: string, resignation: Resignation, { signal }: StoreCall): Promise<void> {
    await this.#ending(key, resignation, signal, resignOn);
  }

  /** What ends a turn ends its lock, after the record is written, or could not be. */
  async #ending<Asked extends Publication | Resignation, Answer>(
    key: string,
    asked: Asked,
    signal: AbortSignal,
    rule: (kept: Kept, asked: Asked, clockMs: number) => Ruled<Answer>,
  ): Promise<Answer> {
    try {
      return await this.#guarded(key, signal, ({ kept }, clockMs) => {
        const ruled = rule(kept, asked, clockMs);
        const isNew = ruled.record !== undefined && ruled.record.entry !== kept.entry;
        return { ...ruled, more: isNew ? { entryBoot: this.#boot.id } : {} };
      });
    } finally {
      this.#turns.end(key, asked.owner, asked.number);
    }
  }

  /** As {@link Store.mark}. */
  async mark(key: string, mark: string, { signal }: StoreCall): Promise<number | undefined> {
    const guard = await this.#guard(key, signal);
    try {
      const found = await this.#read(key);
      const { marks } = found;
      const now = this.#boot.now();
      const live = Object.entries(marks).filter(([, at]) => now - at < MARK_LIFE_MS);
      const before = live.find(([known]) => known === mark);
      if (before !== undefined) return Math.max(0, now - before[1]);
      const all = Object.fromEntries([...live, [mark, now]]);
      await this.#write(key, { ...found, marks: all });
      return undefined;
    } finally {
      guard.release();
    }
  }

  /** Lets go of the turns that are held; the record is left as it is. */
  close(): void {
    this.#turns.close();
  }

  #file(key: string, end = ""): string {
    return path.join(this.directory, `${key.replace(":", "-")}${end}`);
  }

  async #guard(key: string, signal: AbortSignal): Promise<Lock> {
    signal.throwIfAborted();
    const { callMs = CALL_MS } = this.figures;
    const guard = await lockFile(this.#file(key, ".guard"), callMs);
    if (guard === undefined) throw new Error("the record is locked");
    return guard;
  }

  /** One read, compare and rename that nobody else comes between. */
  async #guarded<Answer>(
    key: string,
    signal: AbortSignal,
    rule: (found: InFile, clockMs: number) => RuledFile<Answer> | Promise<RuledFile<Answer>>,
  ): Promise<Answer> {
    const guard = await this.#guard(key, signal);
    try {
      const found = await this.#read(key);
      const { answer, record, more } = await rule(found, this.#boot.now());
      if (record !== undefined) await this.#write(key, { ...found, ...more, kept: record });
      return answer;
    } finally {
      guard.release();
    }
  }

  /** What is left of a turn; one of this process needs no lock to be seen. */
  async #turnLeft(key: string, { kept, isLocked, isExclusive }: InFile): Promise<number> {
    const timedMs = Math.max(0, kept.turnEndsMs - this.#boot.now());
    const leftMs = isExclusive && kept.turnEndsMs !== 0 ? Math.max(timedMs, LOCKED_MS) : timedMs;
    if (leftMs === 0 || !isLocked || this.#turns.has(key, kept.owner)) return leftMs;
    return (await this.#turns.isHeld(key)) ? leftMs : 0;
  }

  async #read(key: string): Promise<InFile> {
    const fields = await readRecord(this.#file(key));
    if (fields === undefined) return NO_FILE;
    const kept = toKept(fields);
    const isOfBoot = fields["boot"] === this.#boot.id;
    const stale = { turnEndsMs: 0, noticeEndsMs: 0 };
    return {
      kept: isOfBoot ? kept : { ...kept, ...stale },
      entryBoot: fields["entry_boot"],
      isLocked: fields["locked"] !== false,
      isExclusive: fields["exclusive"] === true,
      marks: isOfBoot ? marksOf(fields["marks"]) : {},
    };
  }

  async #write(
    key: string,
    { kept, entryBoot, isLocked, marks, isExclusive }: InFile,
  ): Promise<void> {
    const file = this.#file(key);
    // one name, as the guard is held: who is killed leaves no more than one behind
    const temporary = path.join(this.directory, `.${path.basename(file)}`);
    const runs = kept.turnEndsMs !== 0;
    const json = toJson(kept, {
      boot: this.#boot.id,
      entry_boot: entryBoot ?? "",
      locked: isLocked || !runs,
      exclusive: isExclusive && runs,
      marks,
    });
    try {
      await unlink(temporary).catch(() => undefined);
      await writeFile(temporary, json, { flag: "wx", mode: 0o600 });
      await rename(temporary, file);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  }
}

/** What a rule makes of a file. */
interface RuledFile<Answer> extends Ruled<Answer> {
  /** What of it is not in the record. */
  readonly more?: Partial<InFile>;
}

const NO_FILE: InFile = {
  kept: emptyRecord(),
  entryBoot: "",
  isLocked: true,
  isExclusive: false,
  marks: {},
};

/** What is told of a turn that is a lock, whose end nobody knows. */
const LOCKED_MS = 1000;

/** The fields of a file; undefined: there is none, or it is no record. */
async function readRecord(file: string): Promise<Fields | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ELOOP" || code === "EMLINK") return undefined;
    throw error;
  }
  try {
    const found = await handle.stat();
    if (!isRecord(found)) return undefined;
    const bytes = new Uint8Array(MAX_RECORD + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return fieldsOf(bytes.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function isRecord(found: Stats): boolean {
  return found.isFile() && found.uid === process.geteuid?.() && found.size <= MAX_RECORD;
}

function marksOf(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (mark): mark is [string, number] =>
        /^[0-9a-f]{64}$/.test(mark[0]) && Number.isSafeInteger(mark[1]),
    ),
  );
}
