import * as abi from "../abi_generated.js";

/** The wall clock at the beginning of every scenario: 2026-01-01T00:00:00Z. */
export const BASE_MS = 1767225600000;

type Numbers = Readonly<Record<string, number>>;

/** The names of an enumeration by number, as scenarios write them. */
export function names(group: Numbers): ReadonlyMap<number, string> {
  return new Map(Object.entries(group).map(([name, n]) => [n, name.toLowerCase()]));
}

/** The numbers of an enumeration by name. */
export function numbers(group: Numbers): ReadonlyMap<string, number> {
  return new Map(Object.entries(group).map(([name, n]) => [name.toLowerCase(), n]));
}

/** The names of the bits that are set, in the order of the bits. */
export function bits(group: Numbers, set: number): string {
  const on = Object.entries(group).filter(([, bit]) => (set & bit) !== 0);
  return on
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name.toLowerCase())
    .join("|");
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Writes a span of milliseconds as 1d2h3m4s5ms. */
export function formatSpan(ms: number): string {
  if (ms === 0) return "0s";
  let rest = Math.abs(ms);
  let out = ms < 0 ? "-" : "";
  for (const [unit, size] of UNITS) {
    const n = Math.floor(rest / size);
    if (n > 0) out += `${n}${unit}`;
    rest %= size;
  }
  return out;
}

const SPAN = /^(-?)(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Reads what formatSpan writes; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const match = SPAN.exec(text);
  if (match === null) return undefined;
  const ms = UNITS.reduce((sum, [, size], i) => sum + Number(match[i + 2] ?? 0) * size, 0);
  return match[1] === "-" && ms !== 0 ? -ms : ms;
}

/** The name of a code below zero, for `refused`. */
export function refusal(result: number): string {
  if (result <= abi.Result.ERR_OPTION_VALUE) {
    const option = abi.Result.ERR_OPTION_VALUE - result;
    return names(abi.Option).get(option) ?? `option ${option}`;
  }
  return (names(abi.Result).get(result) ?? String(result)).replace(/^err_/, "");
}

/** Something was refused: the name of what. */
export class Refused extends Error {}

/** Gives the result of a call, or throws what it refuses. */
export function accepted(result: number): number {
  if (result < 0) throw new Refused(refusal(result));
  return result;
}
