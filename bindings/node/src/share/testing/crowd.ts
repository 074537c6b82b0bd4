import { randomBytes } from "node:crypto";
import type { Publication, Store, StoreRecord } from "../store.js";
import { minute, newKey } from "./scene.js";

/** A case with many clients at once. */
export interface Crowd {
  readonly rule: number;
  readonly name: string;
  readonly clients: number;
  /** Calls of each client; none: one campaign and one publication. */
  readonly calls?: number;
}

const TURN_MS = 60_000;
const HOUR_MS = 3_600_000;
const EXPIRY_MS = 1_800_000_000_000;
const ZEROS = "0".repeat(16);

/** Plays a case with many clients. */
export async function playCrowd(open: () => Store, crowd: Crowd): Promise<void> {
  const stores = Array.from({ length: crowd.clients }, open);
  const key = newKey();
  if (crowd.calls === undefined) await race(stores, key);
  else await mix(stores, key, crowd.calls);
}

function ownerOf(i: number): string {
  return (i + 1).toString(16).padStart(32, "0");
}

function hex(i: number): string {
  return (i + 1).toString(16).padStart(16, "0");
}

/** Everybody campaigns, and then publishes. */
async function race(stores: readonly Store[], key: string): Promise<void> {
  const saw = { number: 0, fingerprint: ZEROS };
  const turns = await Promise.all(
    stores.map((store, i) =>
      store.campaign(key, { owner: ownerOf(i), seen: 0, saw, turnMs: TURN_MS }, minute()),
    ),
  );
  for (const { number, leftMs } of turns) {
    if (number === 1 && leftMs > 0) continue;
    throw new Error(`a campaign answers number ${number} with ${leftMs} ms left, not number 1`);
  }
  const winners = turns.filter(({ won }) => won).length;
  if (winners !== 1) throw new Error(`${winners} clients won turn 1`);
  const latest = EXPIRY_MS + stores.length;
  await Promise.all(
    stores.map((store, i) => {
      const expiryMs = latest - ((i * 37) % stores.length);
      const entry = { sealed: Uint8Array.of(i), generation: 1, fingerprint: hex(i), expiryMs };
      const asked = { owner: ownerOf(i), number: 1, entry, replaces: ZEROS, ttlMs: HOUR_MS };
      return store.publish(key, asked, minute());
    }),
  );
  const end = await stores[0]?.read(key, minute());
  if (end?.entry.expiryMs === latest && end.turnLeftMs === 0 && end.number === 1) return;
  throw new Error("at the end there is not the entry that expires last, or the turn is not over");
}

/** Everybody makes calls of all kinds, some of them again: nothing goes back. */
async function mix(stores: readonly Store[], key: string, calls: number): Promise<void> {
  const wonBy = new Map<number, string>();
  await Promise.all(
    stores.map(async (store, i) => {
      let last: StoreRecord | undefined;
      let publication: Publication | undefined;
      for (let left = calls; left > 0; left--) {
        const now = await store.read(key, minute());
        if (last !== undefined && goesBack(last, now)) throw new Error("the record went back");
        last = now;
        const owner = ownerOf(i);
        switch (Math.floor(Math.random() * 4)) {
          case 0:
          case 1:
            await campaign(store, key, owner, now, wonBy);
            break;
          case 2: // the last one may be done again
            if (publication === undefined || Math.random() > 1 / 3) {
              publication = publicationOf(owner, now);
            }
            await store.publish(key, publication, minute());
            break;
          default:
            await store.resign(key, { ...farewell(now.number), owner }, minute());
        }
      }
    }),
  );
  if (wonBy.size === 0) throw new Error("nobody ever won a turn");
}

function goesBack(last: StoreRecord, now: StoreRecord): boolean {
  return (
    now.number < last.number ||
    now.entry.expiryMs < last.entry.expiryMs ||
    now.entry.generation < last.entry.generation
  );
}

async function campaign(
  store: Store,
  key: string,
  owner: string,
  { number, entry }: StoreRecord,
  wonBy: Map<number, string>,
): Promise<void> {
  const saw = { number, fingerprint: entry.fingerprint };
  const turn = await store.campaign(key, { owner, seen: number, saw, turnMs: TURN_MS }, minute());
  if (!turn.won) return;
  const by = wonBy.get(turn.number);
  if (by !== undefined && by !== owner) throw new Error(`turn ${turn.number} was won twice`);
  wonBy.set(turn.number, owner);
}

function publicationOf(owner: string, { number }: StoreRecord): Publication {
  const fingerprint = randomBytes(8).toString("hex");
  const expiryMs = EXPIRY_MS + Math.floor(Math.random() * 1000);
  const entry = { sealed: randomBytes(1), generation: number, fingerprint, expiryMs };
  return { owner, number, entry, replaces: ZEROS, ttlMs: HOUR_MS };
}

function farewell(number: number) {
  return { number, notice: new TextEncoder().encode("notice"), noticeMs: 1000, ttlMs: HOUR_MS };
}
