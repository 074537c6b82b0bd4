/**
 * The rules that a store must keep, for the tests of your own.
 *
 * @packageDocumentation
 */
import file from "evercreds:store-cases";
import type { Store } from "../store.js";
import { type Crowd, playCrowd } from "./crowd.js";
import { playScene, type Scene } from "./scene.js";

export type { Campaign, Campaigned, Publication, Published, Resignation, Store } from "../store.js";
export type { StoreCall, StoreEntry, StoreFigures, StoreRecord } from "../store.js";

/** One rule of docs/reference/sharing-stores.md. */
export interface StoreRule {
  /** 1 to 24, the same ones in all languages. */
  readonly rule: number;
  /** What it says. */
  readonly name: string;
  /**
   * Plays it, on keys of its own.
   *
   * @param open gives a store; called for each client of a crowd. All must meet in one place
   * @throws Error saying which step went wrong, and how
   */
  check(open: () => Store): Promise<void>;
}

/** cases.json: share/sharetest of the repository has it, for all languages. */
interface Cases {
  readonly owners: Readonly<Record<string, string>>;
  readonly cases: readonly Scene[];
  readonly crowds: readonly Crowd[];
}

const { owners, cases, crowds } = file as Cases;

/**
 * The rules, one after the other:
 *
 * ```ts
 * for (const rule of storeRules) test(rule.name, () => rule.check(() => new MyStore(client)));
 * ```
 */
export const storeRules: readonly StoreRule[] = [
  ...cases.map((scene) => ({
    rule: scene.rule,
    name: scene.name,
    check: (open: () => Store) => playScene(open(), scene, owners),
  })),
  ...crowds.map((crowd) => ({
    rule: crowd.rule,
    name: crowd.name,
    check: (open: () => Store) => playCrowd(open, crowd),
  })),
];
