import type { Usage } from "./usage.js";

/** A day's end: what is in use, and how many sets were fetched until then. */
export interface Day extends Usage {
  fetched: number;
}

/** What there may be at the end of a day, beside the handles of the sessions that last. */
const MOST: Partial<Record<keyof Usage, number>> = {
  instances: 1,
  listeners: 0,
  timers: 100, // those of sessions that were dropped run until they find that out
  resources: 2,
  // Go's heap takes 4 MB before it is collected for the first time
  wasm: 12 * 2 ** 20,
};

/**
 * What may be more in the last quarter of the days than in the one before: what
 * the engine's own code takes, and then so many bytes for each set fetched.
 */
const GROWTH = {
  heap: { bytes: 200_000, perSet: 40 },
  outside: { bytes: 200_000, perSet: 10 },
  wasm: { bytes: 2 ** 20, perSet: 0 },
} as const;

/** What grows, or is more than it may be, in words; nothing of it is as it must be. */
export function verdict(days: readonly Day[], sessions: number): string[] {
  const problems: string[] = [];
  const quarter = Math.floor(days.length / 4);
  const [before, last] = [days.slice(-2 * quarter, -quarter), days.slice(-quarter)];
  for (const [name, most] of Object.entries({ ...MOST, handles: sessions })) {
    // what the collector found too late for one day's end is gone at another's
    const least = Math.min(...last.map((day) => day[name as keyof Usage]));
    if (least > most) problems.push(`${name}: ${least} at the end of each day, ${most} expected`);
  }
  const fetched = median(last, "fetched") - median(before, "fetched");
  for (const name of ["heap", "outside", "wasm"] as const) {
    const grown = median(last, name) - median(before, name);
    const allowed = GROWTH[name].bytes + GROWTH[name].perSet * fetched;
    if (grown <= allowed) continue;
    problems.push(`${name}: grew by ${grown} bytes over ${fetched} refreshes, ${allowed} allowed`);
  }
  return problems;
}

function median(days: readonly Day[], name: keyof Day): number {
  const sorted = days.map((day) => day[name]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
