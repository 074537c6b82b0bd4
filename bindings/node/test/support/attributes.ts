import { inspect } from "node:util";

/** One text that a walk met, and the way to it. */
interface Met {
  path: string;
  text: string;
}

/**
 * Every text that hangs on a value: by properties of its own and inherited ones, shown
 * or hidden, by symbols, getters, entries of maps and sets, bytes, causes, and by what
 * Node's inspector shows. What cannot be read is passed over.
 */
export function attributes(root: unknown, most = 200_000): Met[] {
  const met: Met[] = [];
  const seen = new Set<unknown>();
  const open: { path: string; value: unknown }[] = [{ path: "", value: root }];
  const read = <T>(get: () => T): T | undefined => {
    try {
      return get();
    } catch {
      return undefined;
    }
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value } = next;
    if (met.length + seen.size > most) throw new Error(`too much hangs on it, as at ${path}`);
    if (typeof value === "string") met.push({ path, text: value });
    if (typeof value === "symbol") met.push({ path, text: String(value) });
    if ((typeof value !== "object" && typeof value !== "function") || value === null) continue;
    if (seen.has(value) || isOfTheEngine(value)) continue;
    seen.add(value);
    const go = (step: string, get: () => unknown) => {
      open.push({ path: `${path}${step}`, value: read(get) });
    };
    if (value instanceof Uint8Array)
      met.push({ path, text: Buffer.from(value).toString("latin1") });
    if (value instanceof Map || value instanceof Set) {
      let at = 0;
      for (const [key, entry] of [...value.entries()]) {
        go(`<key ${at}>`, () => key);
        go(`<${at++}>`, () => entry);
      }
    }
    for (const of of chainOf(value)) {
      for (const name of read(() => Reflect.ownKeys(of)) ?? []) {
        met.push({ path: `${path}.<name>`, text: String(name) });
        // of bytes, what they say was read above
        if (value instanceof Uint8Array && /^\d+$/.test(String(name))) continue;
        go(`.${String(name)}`, () => Reflect.get(of, name, value));
      }
    }
  }
  const shown = read(() =>
    inspect(root, {
      depth: Infinity,
      showHidden: true,
      getters: true,
      maxStringLength: null,
      maxArrayLength: null,
    }),
  );
  met.push(
    { path: "<inspect>", text: shown ?? "" },
    { path: "<text>", text: read(() => String(root)) ?? "" },
  );
  met.push({ path: "<json>", text: read(() => JSON.stringify(root)) ?? "" });
  return met;
}

/** What the engine and Node bring along, which is nobody's data. */
const ENGINE = new Set<unknown>();
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const value: unknown = Reflect.get(globalThis, name);
  if (typeof value !== "function") continue;
  ENGINE.add(value).add((value as { prototype?: unknown }).prototype);
}
ENGINE.add(globalThis).add(process).add(process.env);

function isOfTheEngine(value: unknown): boolean {
  return ENGINE.has(value);
}

/** A value and what it inherits of, but for the engine's part. */
function chainOf(value: object): object[] {
  const chain: object[] = [];
  let next: object | null = value;
  while (next !== null && (next === value || !isOfTheEngine(next))) {
    chain.push(next);
    try {
      next = Reflect.getPrototypeOf(next);
    } catch {
      next = null;
    }
  }
  return chain;
}
