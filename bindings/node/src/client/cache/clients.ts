import { EvercredsValidationError } from "../../errors.js";
import { guarded, peek } from "../../common/guard.js";
import { type Given, isRecord } from "../../common/check.js";
import type { ClientPlugin } from "../plugin.js";
import { BoundedCache, type CacheStats, type EvictionPolicy } from "./bounded.js";
import { Keys } from "./key.js";

export type { CacheStats, EvictionPolicy } from "./bounded.js";

/** How {@link RefreshableSession.client} caches. */
export interface CacheChoice {
  /** Which of the session's two caches. Default: "LRU". */
  evictionPolicy?: EvictionPolicy | undefined;
  /**
   * The bound of that cache from now on, a whole number: 0 keeps nothing, and a
   * negative one counts as its absolute value. Default: as it is, at first 10.
   */
  maxSize?: number | undefined;
}

/** A client of the SDK, as far as a session deals with it. */
export interface SdkClient {
  /** Where {@link RefreshableSession.plugin} goes. */
  middlewareStack: { use(plugin: ClientPlugin): void };
}

/** A class of such clients. */
// each class has its own type of settings, which the caller's types see to
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type SdkClientClass = new (config: any) => SdkClient;

/** What a client is made with, but for the credentials, which are the session's. */
export type ClientConfig<Client extends SdkClientClass> = Omit<
  NonNullable<ConstructorParameters<Client>[0]>,
  "credentials"
>;

/** One client in a cache. */
export interface CachedClient {
  /** The name of its class, such as "S3Client". */
  name: string;
  /** Stands for its class and settings, and shows nothing of them. */
  key: string;
  /** The cache that it is in. */
  evictionPolicy: EvictionPolicy;
}

interface Made {
  name: string;
  client: SdkClient;
}

/**
 * The clients that {@link RefreshableSession.client} made. A client that has to go
 * is forgotten, not destroyed: somebody may be using it.
 */
export class ClientCache {
  readonly #keys = new Keys();
  readonly #caches: Readonly<Record<EvictionPolicy, BoundedCache<Made>>> = {
    LRU: new BoundedCache("LRU"),
    LFU: new BoundedCache("LFU"),
  };

  /** How many clients there are. */
  get size(): number {
    return this.#caches.LRU.size + this.#caches.LFU.size;
  }

  /** The bounds in force. */
  get maxSize(): Record<EvictionPolicy, number> {
    return { LRU: this.#caches.LRU.maxSize, LFU: this.#caches.LFU.maxSize };
  }

  /** How full a cache is, and what it did. */
  stats(evictionPolicy: EvictionPolicy = "LRU"): CacheStats {
    return this.#caches[readPolicy(evictionPolicy)].stats;
  }

  /** All clients of a cache, or of both; in each, the first would be the first to go. */
  list(evictionPolicy?: EvictionPolicy): CachedClient[] {
    const wanted = evictionPolicy === undefined ? (["LRU", "LFU"] as const) : [evictionPolicy];
    return wanted.flatMap((policy) =>
      this.#caches[readPolicy(policy)]
        .list()
        .map(([key, { name }]) => ({ name, key, evictionPolicy: policy })),
    );
  }

  /** Forgets all clients. */
  clear(): void {
    this.#caches.LRU.clear();
    this.#caches.LFU.clear();
  }

  /** @internal The client of this class with these settings, made if need be. */
  getOrMake<Client extends SdkClientClass>(
    Client: Client,
    config: Given,
    choice: CacheChoice,
    make: () => InstanceType<Client>,
  ): InstanceType<Client> {
    const { policy, maxSize } = readChoice(choice);
    const cache = this.#caches[policy];
    if (maxSize !== undefined) cache.resize(maxSize);
    const key = this.#keys.of(Client, config);
    const { client } = cache.getOrMake(key, () => ({ name: Client.name, client: make() }));
    return client as InstanceType<Client>; // the key holds the class
  }
}

function readPolicy(policy: unknown): EvictionPolicy {
  if (policy === "LRU" || policy === "LFU") return policy;
  const words = 'evictionPolicy must be "LRU" or "LFU"';
  throw new EvercredsValidationError("evictionPolicy", words, policy);
}

function readChoice(given: unknown): { policy: EvictionPolicy; maxSize: number | undefined } {
  if (!isRecord(given)) {
    throw new EvercredsValidationError("options", "options must be an object", given);
  }
  const { evictionPolicy = "LRU", maxSize, ...unknown } = given;
  for (const [name, value] of Object.entries(unknown)) {
    const words = `${name} is not an option; expected one of evictionPolicy, maxSize`;
    throw new EvercredsValidationError(name, words, value);
  }
  if (maxSize !== undefined && !isBound(maxSize)) {
    const words = `maxSize must be a whole number from ${-MOST} to ${MOST}`;
    throw new EvercredsValidationError("maxSize", words, maxSize);
  }
  return { policy: readPolicy(evictionPolicy), maxSize };
}

/** More than that, no memory holds. */
const MOST = 2 ** 30;

function isBound(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= MOST;
}

function noClient(Client: unknown): EvercredsValidationError {
  const words = "Client must be a client class of the SDK, such as S3Client";
  return new EvercredsValidationError("Client", words, Client);
}

/** Whether `new` takes it: an arrow function is none. Nothing of it is run. */
function isClass(value: unknown): boolean {
  return (
    typeof value === "function" &&
    guarded(() => Boolean(Reflect.construct(Object, [], value)), false)
  );
}

/** Checks what a class made: only a client of the SDK has a stack for our plug-in. */
export function checkMade(Client: unknown, made: unknown): void {
  if (typeof peek(peek(made, "middlewareStack"), "use") !== "function") throw noClient(Client);
}

/** Checks what a client is to be made of. */
export function readClient(Client: unknown, config: unknown): Given {
  if (!isClass(Client)) throw noClient(Client);
  if (!isRecord(config)) {
    throw new EvercredsValidationError("config", "config must be an object", config);
  }
  if (config["credentials"] !== undefined) {
    const words = "config.credentials must be left out: they are the session's";
    throw new EvercredsValidationError("config.credentials", words, config["credentials"]);
  }
  return config;
}
