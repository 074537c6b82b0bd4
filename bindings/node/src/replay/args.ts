import { numbers, parseSpan } from "./words.js";
import * as abi from "../abi_generated.js";
import type { Hash } from "../identity.js";

/** A line that is no event of the language. */
export class BadLine extends Error {}

const OPTIONS = numbers(abi.Option);

const CHOICES = new Map<number, ReadonlyMap<string, number>>([
  [abi.Option.POLICY, numbers(abi.Policy)],
  [abi.Option.METHOD, numbers(abi.Method)],
  [abi.Option.STABILITY, numbers(abi.Stability)],
  [abi.Option.ADVISORY_REFRESH, numbers(abi.AdvisoryRefresh)],
]);

const TRUTH = numbers({ false: 0, true: 1 });

/** The parameters of one event. Each is taken once; `finish` refuses the rest. */
export class Args {
  #words: string[];

  constructor(text: string) {
    this.#words = text.split(/\s+/).filter((word) => word !== "");
  }

  /** Takes a `name=value` parameter. */
  take(name: string): string | undefined {
    return this.#remove((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  has(name: string): boolean {
    return this.#words.some((word) => word.startsWith(`${name}=`));
  }

  /** Takes a parameter that stands alone. */
  word(name: string): boolean {
    return this.#remove((word) => word === name) !== undefined;
  }

  /** Takes a span that may be left out. */
  span(name: string): number | undefined {
    const text = this.take(name);
    if (text === undefined) return undefined;
    const ms = parseSpan(text);
    if (ms === undefined) throw new BadLine(`${name}="${text}" is not a span`);
    return ms;
  }

  /** Takes a 64-bit number. */
  hash(name: string): Hash {
    const text = this.take(name);
    if (text === undefined || !/^-?\d+$/.test(text)) {
      throw new BadLine(`${name} must be given, a whole number`);
    }
    const words = new Int32Array(new BigInt64Array([BigInt.asIntN(64, BigInt(text))]).buffer);
    return { low: words[0] ?? 0, high: words[1] ?? 0 };
  }

  /** Takes the number behind `#`. */
  ticket(): number {
    const text = this.#remove((word) => word.startsWith("#"))?.slice(1) ?? "";
    if (!/^\d+$/.test(text)) throw new BadLine("a ticket must be given, as #1");
    return Number(text);
  }

  /** Takes all `option=value` parameters, in their order. */
  options(): [option: number, value: number][] {
    const list: [number, number][] = [];
    const rest: string[] = [];
    for (const word of this.#words) {
      const at = word.indexOf("=");
      const option = OPTIONS.get(word.slice(0, Math.max(0, at)));
      if (option === undefined) rest.push(word);
      else list.push(readOption(option, word.slice(at + 1), word));
    }
    this.#words = rest;
    return list;
  }

  /** Takes whatever is left. */
  all(): string[] {
    return this.#words.splice(0);
  }

  finish(): void {
    const [left] = this.#words;
    if (left !== undefined) throw new BadLine(`"${left}" is not understood here`);
  }

  #remove(wanted: (word: string) => boolean): string | undefined {
    const at = this.#words.findIndex(wanted);
    return at < 0 ? undefined : this.#words.splice(at, 1)[0];
  }
}

function readOption(option: number, text: string, word: string): [number, number] {
  if (option === abi.Option.ADVISORY_TIMEOUT && text === "auto") {
    return [abi.Option.ADVISORY_AUTO, 1];
  }
  const value = optionValue(option, text);
  if (value === undefined) throw new BadLine(`${word} is not understood`);
  return [option, value];
}

/** The number that an option's value stands for. */
export function optionValue(option: number, text: string): number | undefined {
  return CHOICES.get(option)?.get(text) ?? TRUTH.get(text) ?? parseNumber(text);
}

/** A number, `nan` among them. */
export function parseNumber(text: string): number | undefined {
  if (text === "nan") return NaN;
  if (/^[+-]?inf$/.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? undefined : value;
}
