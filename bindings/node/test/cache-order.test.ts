import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BoundedCache, type EvictionPolicy } from "../src/client/cache/bounded.js";

const FOLDER = new URL("../../../testdata/cache/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".trace"));

/** A cache of numbers, which does what a scenario that all languages share says. */
class Played {
  #cache = new BoundedCache<string>("LRU");

  get order(): string[] {
    return this.#cache.list().map(([key]) => key);
  }

  event(words: string[]): string {
    const before = this.order;
    const result = this.#do(words);
    if (words[0] === "add" && result === 1) before.push(words[1] ?? "");
    const evicts = words[0] === "add" || words[0] === "resize";
    const gone = evicts ? before.filter((key) => !this.order.includes(key)) : [];
    const evicted = gone.length > 0 ? ` evicted=${gone.join()}` : "";
    return `cache ${result}${evicted} order=${this.order.join()}`;
  }

  #do([what = "", word = "", size = ""]: string[]): number {
    const before = this.#cache.stats;
    const isThere = this.order.includes(word);
    switch (what) {
      case "new":
        this.#cache = new BoundedCache(word.toUpperCase() as EvictionPolicy);
        this.#cache.resize(Number(size));
        return 0;
      case "add":
        expect(this.#cache.getOrMake(word, () => word)).toBe(word);
        return this.#cache.stats.misses - before.misses;
      case "get":
        if (isThere) this.#cache.getOrMake(word, () => expect.fail("it is there"));
        return Number(isThere);
      case "contains":
        return Number(isThere);
      case "resize":
        this.#cache.resize(Number(word));
        return this.#cache.maxSize;
      case "clear":
        this.#cache.clear();
        return 0;
    }
    throw new Error(`${what} is no operation of this cache`);
  }
}

describe("a cache goes as the scenarios say that all languages share", () => {
  // nobody takes a single client out here
  test.each(files.filter((file) => !file.startsWith("remove")))("%s", (file) => {
    const played = new Played();
    let answer = "";
    for (const line of readFileSync(new URL(file, FOLDER), "utf8").split("\n")) {
      if (line.startsWith("  ")) expect(answer).toBe(line.slice(2));
      else if (line !== "" && !line.startsWith("#"))
        answer = played.event(line.split(" ").slice(1));
    }
    expect(answer).not.toBe("");
  });

  test("there are scenarios", () => {
    expect(files.length).toBeGreaterThanOrEqual(10);
  });
});
