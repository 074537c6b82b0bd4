import { expect } from "vitest";
import type { Exports } from "../../src/library/runtime.js";
import { panicFile } from "./wasm.js";

type Exported = Record<string, (...args: number[]) => number>;

/**
 * The instances of the wasm module that are made while this watches. Their memory
 * can be read after they died, and calls of them can be made to be their last.
 */
export class Instances {
  readonly #made: Exports[] = [];
  readonly #real = WebAssembly.Instance;
  #lethal: string | undefined;

  constructor() {
    const instantiate = (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const instance = new this.#real(module, imports);
      // Node has modules of its own: newer ones make that of fetch at its first use.
      if (!("evercreds_abi_version" in instance.exports)) return instance;
      this.#made.push(instance.exports as unknown as Exports);
      return { exports: this.#mortal(instance.exports as unknown as Exported) };
    };
    const made = function (...args: Parameters<typeof instantiate>) {
      return instantiate(...args);
    };
    WebAssembly.Instance = made as unknown as typeof WebAssembly.Instance;
  }

  stop(): void {
    WebAssembly.Instance = this.#real;
  }

  /** The whole linear memory of each, dead ones first. */
  memories(): Buffer[] {
    return this.#made.map(({ memory }) => Buffer.from(memory.buffer));
  }

  /** Looks through the memory of all, of which there must be so many. */
  expectNone(secrets: Secrets, count: number): void {
    const memories = this.memories();
    expect(memories).toHaveLength(count);
    for (const memory of memories) {
      expect(memory.includes("evercreds")).toBe(true); // it is the module's
      expect(tracesOf(secrets, memory)).toEqual([]);
    }
  }

  /** The next call of this export does its work, and then kills its instance. */
  dieIn(name: keyof Exports): void {
    if (panicFile === undefined) throw new Error("this needs the module that panics on purpose");
    this.#lethal = name;
  }

  /** Exports whose calls can be made lethal. */
  #mortal(real: Exported): Exported {
    const wrapped = Object.entries(real).map(([name, call]) => {
      if (typeof call !== "function") return [name, call] as const; // the memory
      const mortal = (...args: number[]) => {
        const result = call(...args);
        if (this.#lethal !== name) return result;
        this.#lethal = undefined;
        return real["evercreds_test_fatal"]?.() ?? result;
      };
      return [name, mortal] as const;
    });
    return Object.fromEntries(wrapped);
  }
}

/** What must be nowhere, by the name under which a test tells of it. */
export type Secrets = Readonly<Record<string, string | Uint8Array>>;

interface Piece {
  secret: string;
  form: string;
  bytes: Buffer;
}

/** A secret that was copied in part is found by any run of twice as many bytes. */
const PIECE_BYTES = 8;

/**
 * Says which secrets have left something in memory, and in which form: as they are,
 * in UTF-16, hexadecimal or Base64. All of it is looked through once, byte by byte.
 */
export function tracesOf(secrets: Secrets, memory: Buffer): string[] {
  const pieces = Object.entries(secrets).flatMap(([name, secret]) => piecesOf(name, secret));
  const byStart = new Map<number, Piece[]>();
  const begins = new Uint8Array(1 << 16); // most of memory is told apart by two bytes
  for (const piece of pieces) {
    const start = piece.bytes.readUInt32LE();
    byStart.set(start, [...(byStart.get(start) ?? []), piece]);
    begins[start & 0xffff] = 1;
  }
  const found = new Set<string>();
  for (let at = 0; at + 4 <= memory.length; at++) {
    if (begins[memory.readUInt16LE(at)] === 0) continue;
    for (const { secret, form, bytes } of byStart.get(memory.readUInt32LE(at)) ?? []) {
      if (memory.subarray(at, at + bytes.length).equals(bytes)) found.add(`${secret}, ${form}`);
    }
  }
  return [...found];
}

function piecesOf(secret: string, value: string | Uint8Array): Piece[] {
  const bytes = Buffer.from(value);
  const forms: [form: string, encoded: Buffer][] = [
    ["as it is", bytes],
    ["in UTF-16", Buffer.from(bytes.toString("latin1"), "utf16le")],
    ["in hexadecimal", Buffer.from(bytes.toString("hex"))],
  ];
  // in Base64 a byte looks different by where it stands, and the last ones by what follows
  for (const skipped of [0, 1, 2]) {
    const whole = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    forms.push(["in Base64", Buffer.from(whole.toString("base64"))]);
  }
  return forms.flatMap(([form, encoded]) =>
    cut(encoded).map((piece) => ({ secret, form, bytes: piece })),
  );
}

/** A code of six digits is one piece; a rest that is shorter than a piece is none. */
function cut(bytes: Buffer): Buffer[] {
  if (bytes.length < PIECE_BYTES) return bytes.length < 6 ? [] : [bytes];
  const count = Math.floor(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  );
}
