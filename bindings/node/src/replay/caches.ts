import * as abi from "../abi_generated.js";
import type { Exports, Runtime } from "../runtime.js";
import { type Args, BadLine } from "./args.js";
import { accepted } from "./words.js";

type Operation = (exports: Exports, cache: number, n: number) => number;

const OPERATIONS = new Map<string, Operation>([
  ["get", (x, cache, id) => x.evercreds_cache_get(cache, id)],
  ["contains", (x, cache, id) => x.evercreds_cache_contains(cache, id)],
  ["add", (x, cache, id) => x.evercreds_cache_add(cache, id)],
  ["remove", (x, cache, id) => x.evercreds_cache_remove(cache, id)],
  ["resize", (x, cache, size) => x.evercreds_cache_resize(cache, size)],
]);

/** The events of the client-cache policy. */
export class CacheEvents {
  readonly #runtime: Runtime;
  #cache = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  event(args: Args): string {
    const [verb = "", ...rest] = args.all();
    if (verb === "new") return this.#renew(rest);
    if (this.#cache === 0) throw new BadLine("there is no cache: make a new one first");
    if (verb === "clear" && rest.length === 0) {
      return this.#run((x, cache) => x.evercreds_cache_clear(cache), 0);
    }
    const operation = OPERATIONS.get(verb);
    if (operation === undefined || rest.length !== 1) {
      throw new BadLine(`cache "${verb}" is no operation, or lacks its one number`);
    }
    return this.#run(operation, whole(rest[0]));
  }

  #renew([policy, size, ...rest]: string[]): string {
    if ((policy !== "lru" && policy !== "lfu") || rest.length > 0) {
      throw new BadLine("cache new needs lru or lfu and a bound");
    }
    const bound = whole(size);
    const number = policy === "lru" ? abi.CachePolicy.LRU : abi.CachePolicy.LFU;
    const made = accepted(
      this.#runtime.run(undefined, (x) => x.evercreds_cache_new(number, bound)),
    );
    const old = this.#cache;
    this.#cache = made;
    if (old !== 0) this.#runtime.run(undefined, (x) => x.evercreds_cache_free(old));
    return this.#run(() => 0, 0);
  }

  #run(operation: Operation, n: number): string {
    const cache = this.#cache;
    const result = accepted(this.#runtime.run(undefined, (x) => operation(x, cache, n)));
    return this.#runtime.run(undefined, (x) => {
      const evicted = walk(() => x.evercreds_cache_evicted(cache));
      const order = walk((last) => x.evercreds_cache_next(cache, last));
      const gone = evicted.length > 0 ? ` evicted=${evicted.join(",")}` : "";
      return `cache ${result}${gone} order=${order.join(",")}`;
    });
  }
}

/** All entries that a call gives, one after the other, from -1 on. */
function walk(next: (last: number) => number): number[] {
  const list: number[] = [];
  for (let id = next(-1); id >= 0; id = next(id)) list.push(id);
  return list;
}

function whole(text: string | undefined): number {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) {
    throw new BadLine(`"${text ?? ""}" is not a whole number`);
  }
  return Number(text);
}
