import { createHash } from "node:crypto";
import { wrong } from "../common/check.js";
import { peek } from "../common/guard.js";
import { toKept } from "./record.js";
import { CAMPAIGN, PUBLISH, READ, RESIGN } from "./scripts-generated.js";
import type {
  Campaign,
  Campaigned,
  Publication,
  Published,
  Resignation,
  Store,
  StoreFigures,
  StoreRecord,
} from "./store.js";

/** A client or a cluster of the package `redis` (node-redis). */
export interface NodeRedisClient {
  /** EVALSHA. */
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** EVAL. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client or a cluster of `ioredis` or `iovalkey`. */
export interface IoRedisClient {
  /** EVALSHA. */
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>;
  /** EVAL. */
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
}

/** Runs a script, known to the server by its digest, with one key. */
type Run = (script: string, key: string, args: string[]) => Promise<unknown[]>;

/** Settings of a {@link RedisStore}. */
export interface RedisStoreOptions {
  /** The bound of a call, in milliseconds: 25 to 10000. Default: 250. */
  readonly callMs?: number | undefined;
}

/**
 * Redis or Valkey, a cluster too. Each call is one script on one key. The client is yours:
 * its address, TLS, user and password, and you close it.
 *
 * ```ts
 * const client = await createClient({ url: "rediss://..." }).connect();
 * new RefreshableSession({ ..., share: new RedisStore(client), shareKey });
 * ```
 */
export class RedisStore implements Store {
  /** As {@link Store.figures}. */
  readonly figures: StoreFigures;
  readonly #run: Run;

  /**
   * @param client of the package `redis`, `ioredis` or `iovalkey`, connected
   * @throws EvercredsValidationError naming `client`
   */
  constructor(client: NodeRedisClient | IoRedisClient, options: RedisStoreOptions = {}) {
    this.#run = runOf(client);
    this.figures = { callMs: options.callMs ?? 250, pollMs: 100 };
  }

  /** As {@link Store.read}. */
  async read(key: string): Promise<StoreRecord> {
    const [clock, number, owner, turnLeft, entry, generation, fingerprint, expiry, ...rest] =
      await this.#run(READ, key, []);
    const kept = toKept({
      ...{ number: text(number), owner: text(owner), entry: bytes(entry) },
      ...{ generation: text(generation), fingerprint: text(fingerprint), expiry_ms: text(expiry) },
      notice: bytes(rest[0]),
    });
    return {
      ...{ number: kept.number, owner: kept.owner, entry: kept.entry, notice: kept.notice },
      turnLeftMs: whole(turnLeft),
      noticeLeftMs: whole(rest[1]),
      clockMs: whole(clock),
    };
  }

  /** As {@link Store.campaign}. */
  async campaign(key: string, campaign: Campaign): Promise<Campaigned> {
    const { owner, seen, saw, turnMs } = campaign;
    const args = [owner, seen, saw.number, saw.fingerprint, turnMs].map(String);
    const [clock, won, number, left] = await this.#run(CAMPAIGN, key, args);
    return {
      won: whole(won) === 1,
      number: whole(number),
      leftMs: whole(left),
      clockMs: whole(clock),
    };
  }

  /** As {@link Store.publish}. */
  async publish(key: string, publication: Publication): Promise<Published> {
    const { owner, number, entry, replaces, junk, ttlMs } = publication;
    const { sealed, generation, fingerprint, expiryMs } = entry;
    const args = [
      ...[owner, number, base64(sealed), generation, fingerprint, expiryMs, replaces, ttlMs],
      ...(junk === undefined ? ["", ""] : [junk.generation, junk.fingerprint]),
    ];
    const [clock, stored] = await this.#run(PUBLISH, key, args.map(String));
    return { stored: whole(stored) === 1, clockMs: whole(clock) };
  }

  /** As {@link Store.resign}. */
  async resign(key: string, resignation: Resignation): Promise<void> {
    const { owner, number, notice, noticeMs, ttlMs } = resignation;
    const args = [owner, number, base64(notice), noticeMs, ttlMs];
    await this.#run(RESIGN, key, args.map(String));
  }
}

function runOf(client: unknown): Run {
  if (typeof peek(client, "eval") === "function") {
    if (typeof peek(client, "evalSha") === "function") {
      const given = client as NodeRedisClient;
      return (script, key, args) => {
        const options = { keys: [key], arguments: args };
        return run(
          () => given.evalSha(shaOf(script), options),
          () => given.eval(script, options),
        );
      };
    }
    if (typeof peek(client, "evalsha") === "function") {
      const given = client as IoRedisClient;
      return (script, key, args) =>
        run(
          () => given.evalsha(shaOf(script), 1, key, ...args),
          () => given.eval(script, 1, key, ...args),
        );
    }
  }
  throw wrong("client", "must be a client of the package redis, ioredis or iovalkey", client);
}

/** A server that was started anew does not know the script. */
async function run(known: () => Promise<unknown>, whole: () => Promise<unknown>) {
  let answer: unknown;
  try {
    answer = await known();
  } catch (error) {
    const message = peek(error, "message");
    if (typeof message !== "string" || !message.startsWith("NOSCRIPT")) throw error;
    answer = await whole();
  }
  if (!Array.isArray(answer)) throw unreadable();
  return answer as unknown[];
}

const digests = new Map<string, string>();

function shaOf(script: string): string {
  const sha = digests.get(script) ?? createHash("sha1").update(script).digest("hex");
  digests.set(script, sha);
  return sha;
}

/** Clients give what the server wrote as text, as a number or as bytes. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  throw unreadable();
}

function whole(value: unknown): number {
  const number = Number(text(value));
  if (!Number.isSafeInteger(number) || number < 0) throw unreadable();
  return number;
}

function bytes(value: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(text(value), "base64"));
}

function base64(sealed: Uint8Array): string {
  return Buffer.from(sealed).toString("base64");
}

function unreadable(): Error {
  return Object.assign(new Error("the answer is no record"), { isUnreadable: true });
}
