import { randomBytes } from "node:crypto";
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
  seen,
  toJson,
  toKept,
} from "./record.js";
import { campaignOn, type Instant, publishOn, resignOn, type Ruled } from "./rules.js";
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

/** What else is in a file, beside the record. */
interface InFile {
  readonly kept: Kept;
  /** The record is of this boot, so that its instants count. */
  readonly isOfBoot: boolean;
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
    checkDirectory(directory, typeOf);
    this.directory = directory;
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
    return { ...seen(found.kept, now), turnLeftMs, clockMs: found.isOfBoot ? now : 0 };
  }

  /**
   * As {@link Store.campaign}. A turn whose lock can be taken is over: its process is gone. A turn that is won is
   * locked before it is written.
   */
  async campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    const { owner, turnMs } = campaign;
    const { exclusive } = call;
    const answer = await this.#guarded(
      key,
      call.signal,
      async (found, clockMs) => {
        const now = { clockMs, stepMs: 1 };
        const { kept } = found;
        const isTimed = !exclusive && !found.isExclusive;
        const runs = kept.turnEndsMs > clockMs || (!isTimed && kept.turnEndsMs !== 0);
        if (runs && kept.owner === owner && (isTimed || this.#turns.has(key, owner))) {
          return campaignOn({ ...kept, turnEndsMs: clockMs + 1 }, campaign, now);
        }
        const lock = await this.#turns.take(key, owner);
        if (lock === undefined && (runs || exclusive)) {
          const leftMs = Math.max(kept.turnEndsMs - clockMs, isTimed ? 0 : LOCKED_MS);
          return { answer: { won: false, number: kept.number, leftMs, clockMs } };
        }
        const ruled = campaignOn({ ...kept, turnEndsMs: 0 }, campaign, now);
        if (!ruled.answer.won) lock?.release();
        else if (lock !== undefined) this.#turns.keep(key, owner, lock);
        return ruled;
      },
      exclusive,
    );
    if (answer.won && !exclusive) this.#turns.endIn(key, owner, turnMs);
    return answer;
  }

  /** As {@link Store.publish}. */
  publish(key: string, publication: Publication, { signal }: StoreCall): Promise<Published> {
    return this.#ending(key, publication, signal, publishOn);
  }

  /** As {@link Store.resign}. */
  async resign(key: string, resignation: Resignation, { signal }: StoreCall): Promise<void> {
    await this.#ending(key, resignation, signal, resignOn);
  }

  /** What ends a turn ends its lock, after the record is written. */
  async #ending<Asked extends Publication | Resignation, Answer>(
    key: string,
    asked: Asked,
    signal: AbortSignal,
    rule: (kept: Kept, asked: Asked, now: Instant) => Ruled<Answer>,
  ): Promise<Answer> {
    const { owner, number } = asked;
    const [answer, isOver] = await this.#guarded(key, signal, ({ kept }, clockMs) => {
      const { answer, ...ruled } = rule(kept, asked, { clockMs, stepMs: 1 });
      return { ...ruled, answer: [answer, kept.owner !== owner || kept.number <= number] as const };
    });
    if (isOver) this.#turns.end(key, owner);
    return answer;
  }

  /** As {@link Store.mark}. */
  async mark(key: string, mark: string, { signal }: StoreCall): Promise<number | undefined> {
    const guard = await this.#guard(key, signal);
    try {
      const found = await this.#read(key);
      const { kept, marks } = found;
      const now = this.#boot.now();
      const live = Object.entries(marks).filter(([, at]) => now - at < MARK_LIFE_MS);
      const before = live.find(([known]) => known === mark);
      if (before !== undefined) return Math.max(0, now - before[1]);
      const all = Object.fromEntries([...live, [mark, now]]);
      await this.#write(key, kept, { ...found, marks: all });
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

  /**
   * One read, compare and rename that nobody else comes between.
   *
   * @param isLock whether the turn of what is written is a lock. Default: as it was
   */
  async #guarded<Answer>(
    key: string,
    signal: AbortSignal,
    rule: (found: InFile, clockMs: number) => Ruled<Answer> | Promise<Ruled<Answer>>,
    isLock?: boolean,
  ): Promise<Answer> {
    const guard = await this.#guard(key, signal);
    try {
      const found = await this.#read(key);
      const { answer, record } = await rule(found, this.#boot.now());
      const isExclusive = isLock ?? found.isExclusive;
      if (record !== undefined) await this.#write(key, record, { ...found, isExclusive });
      return answer;
    } finally {
      guard.release();
    }
  }

  /** What is left of a turn; one of this process needs no lock to be seen. */
  async #turnLeft(key: string, { kept, isExclusive }: InFile): Promise<number> {
    const timedMs = Math.max(0, kept.turnEndsMs - this.#boot.now());
    const leftMs = isExclusive && kept.turnEndsMs !== 0 ? Math.max(timedMs, LOCKED_MS) : timedMs;
    if (leftMs === 0 || this.#turns.has(key, kept.owner)) return leftMs;
    return (await this.#turns.isHeld(key)) ? leftMs : 0;
  }

  async #read(key: string): Promise<InFile> {
    const fields = await readRecord(this.#file(key));
    if (fields === undefined) {
      return { kept: emptyRecord(), isOfBoot: true, isExclusive: false, marks: {} };
    }
    const kept = toKept(fields);
    const isOfBoot = fields["boot"] === this.#boot.id;
    const stale = { turnEndsMs: 0, noticeEndsMs: 0 };
    return {
      kept: isOfBoot ? kept : { ...kept, ...stale },
      isOfBoot,
      isExclusive: fields["exclusive"] === true,
      marks: isOfBoot ? marksOf(fields["marks"]) : {},
    };
  }

  async #write(key: string, record: Kept, { marks, isExclusive }: InFile): Promise<void> {
    const file = this.#file(key);
    const temporary = path.join(
      this.directory,
      `.${path.basename(file)}.${randomBytes(8).toString("hex")}`,
    );
    try {
      const exclusive = isExclusive && record.turnEndsMs !== 0;
      const json = toJson(record, { boot: this.#boot.id, exclusive, marks });
      await writeFile(temporary, json, { flag: "wx", mode: 0o600 });
      await rename(temporary, file);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  }
}

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
