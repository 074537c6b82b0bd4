import { FIRST_LOOK_MS, NEVER } from "../library/abi-generated.js";
import { hexOf } from "../library/fingerprint.js";
import { afterArrivals, systemClock } from "../common/clock.js";
import type { Reply } from "../sources/source.js";
import { publishedOf, recordOf, turnOf } from "./answers.js";
import type { Json } from "./canonical.js";
import { type Keyring, markOf, storeKeyOf } from "./keys.js";
import {
  BeforeStoreError,
  type Candidate,
  type Farewell,
  type Look,
  type Meeting,
  NO_FINGERPRINT,
  type SharedSet,
  type Turn,
} from "./meeting.js";
import { MAX_SEALED, NOTHING } from "./record.js";
import { hashOf, type Header, open, type Opened, seal, type SealedSet } from "./sealed.js";
import type { Store, StoreCall, StoreEntry, StoreRecord } from "./store.js";

/** How long a record of a set without an end is kept. */
const LONGEST_TTL_MS = 30 * 86_400_000;

/** What makes a {@link Group}. */
interface GroupSettings {
  readonly store: Store;
  readonly keyring: Keyring;
  /** What the set is for: asked before the first look, and again if that fails. */
  readonly inputs: (signal: AbortSignal) => Promise<Json>;
  readonly isExclusive: boolean;
  readonly figures: { readonly callMs: number; readonly clockStepMs: number };
  /** Gives back what was made for the session. */
  readonly close: () => void;
}

/** A store as the host sees it: the sets that go in and come out are sealed between. */
export class Group implements Meeting {
  readonly #settings: GroupSettings;
  #key: Promise<string> | undefined;

  constructor(settings: GroupSettings) {
    this.#settings = settings;
  }

  close(): void {
    this.#settings.close();
  }

  /** The name of the record, for sessions whose base credentials these are too. */
  storeKey(signal: AbortSignal): Promise<string> {
    if (this.#key === undefined) {
      const made = this.#makeKey(signal);
      this.#key = made;
      made.catch(() => {
        if (this.#key === made) this.#key = undefined;
      });
    }
    return this.#key;
  }

  async #makeKey(signal: AbortSignal): Promise<string> {
    const { keyring, inputs } = this.#settings;
    const ring = await keyring.ring();
    const named = inputs(signal).catch((error: unknown) => {
      throw new BeforeStoreError("principal", error);
    });
    return storeKeyOf(ring, await named);
  }

  async look(owner: string, signal: AbortSignal): Promise<Look> {
    const isFirst = this.#key === undefined;
    const key = await this.storeKey(signal);
    const record = await this.#read(key, isFirst, signal);
    const { number, entry, clockMs, turnLeftMs } = record;
    const opened = await this.#entry(key, entry);
    const state = opened?.state;
    const found = opened?.state === "open" ? this.#found(opened, clockMs) : undefined;
    const isJunk = state === "junk" || (state === "open" && found === undefined);
    const { fingerprint, generation } = entry;
    return {
      set: found?.set,
      credentials: found?.credentials,
      turn: number,
      turnLeftMs: record.owner === owner ? 0 : turnLeftMs,
      ...(await this.#notice(key, record)),
      clockMs,
      saw: {
        number,
        fingerprint,
        junk: isJunk ? { generation, fingerprint } : undefined,
        isForeign: state === "foreign",
        hasMet: record.owner !== owner && (record.owner !== "" || entry.sealed.length > 0),
      },
    };
  }

  /** The first look is given the time that its group must be found in; the store has its own. */
  async #read(key: string, isFirst: boolean, signal: AbortSignal): Promise<StoreRecord> {
    const { store, figures } = this.#settings;
    const answer: Promise<unknown> = store.read(key, this.#call(signal));
    if (!isFirst) return recordOf(await answer);
    let stop: () => void = () => undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = () => {
        afterArrivals(() => {
          reject(new Error("the store gave no answer in time"));
        });
      };
      // its client may have to connect first
      stop = systemClock.after(Math.max(figures.callMs, FIRST_LOOK_MS), giveUp, false);
    });
    try {
      return recordOf(await Promise.race([answer, late]));
    } finally {
      stop();
    }
  }

  async campaign({ owner, seen, saw, turnMs }: Candidate, signal: AbortSignal): Promise<Turn> {
    const { number, fingerprint } = saw;
    const asked = { owner, seen, saw: { number, fingerprint }, turnMs };
    const key = await this.storeKey(signal);
    return turnOf(await this.#settings.store.campaign(key, asked, this.#call(signal)));
  }

  async publish(shared: SharedSet, signal: AbortSignal): ReturnType<Meeting["publish"]> {
    const { owner, set, generation, lifeMs, leftMs, endsMs, replaces, junk } = shared;
    const key = await this.storeKey(signal);
    const ring = await this.#settings.keyring.ring();
    const { expiryMs } = set;
    const fingerprint = hexOf(set.hash);
    const header: Header = {
      ...{ kind: "set", generation, fingerprint, replaces, expiryMs, endsMs, lifeMs },
      ...{ notice: 0, noticeMs: 0 },
    };
    const sealed = seal(ring, key, header, toSeal(set.credentials));
    if (sealed.length > MAX_SEALED) {
      // the others must not wait for what will not come
      await this.resign({ owner, number: generation, notice: 0, noticeMs: 0 }, signal);
      throw new Error("the set is too long for an entry");
    }
    const entry: StoreEntry = { sealed, generation, fingerprint, expiryMs };
    const ttlMs = Math.min(leftMs, LONGEST_TTL_MS);
    const publication = { owner, number: generation, entry, replaces, junk, ttlMs };
    return publishedOf(await this.#settings.store.publish(key, publication, this.#call(signal)));
  }

  async resign(farewell: Farewell, signal: AbortSignal): Promise<void> {
    const { owner, number, notice: kind, noticeMs } = farewell;
    const key = await this.storeKey(signal);
    const ring = await this.#settings.keyring.ring();
    const header: Header = {
      ...{ kind: "notice", generation: 0, fingerprint: NO_FINGERPRINT, replaces: NO_FINGERPRINT },
      ...{ expiryMs: 0, endsMs: 0, lifeMs: 0, notice: kind, noticeMs },
    };
    const notice = kind === 0 ? NOTHING : seal(ring, key, header);
    const resignation = { owner, number, notice, noticeMs, ttlMs: noticeMs };
    await this.#settings.store.resign(key, resignation, this.#call(signal));
  }

  /** Notes that a code is to be sent, and tells how long ago it was; undefined: never. */
  async mark(serial: string, code: string, signal: AbortSignal): Promise<number | undefined> {
    const { store, keyring } = this.#settings;
    const key = await this.storeKey(signal);
    const mark = markOf(await keyring.ring(), serial, code);
    if (store.mark === undefined) throw new Error("the store keeps no marks");
    return store.mark(key, mark, this.#call(signal));
  }

  #call(signal: AbortSignal): StoreCall {
    return { signal, exclusive: this.#settings.isExclusive };
  }

  /** What became of an entry; undefined: there is none. A key may be one that is new. */
  async #entry(key: string, entry: StoreEntry): Promise<Opened | undefined> {
    if (entry.sealed.length === 0) return undefined;
    const { keyring } = this.#settings;
    const ring = await keyring.ring();
    let opened = open(ring, key, "set", entry.sealed);
    if (opened.state === "foreign") {
      const renewed = await keyring.renewed();
      if (renewed !== ring) opened = open(renewed, key, "set", entry.sealed);
    }
    return opened.state === "open" && !isBeside(opened.header, entry) ? { state: "junk" } : opened;
  }

  /** The set of an entry; undefined: it is none that a client could use. */
  #found({ header, set }: Opened & { state: "open" }, clockMs: number) {
    const credentials = credentialsOf(set);
    if (credentials === undefined) return undefined;
    const { clockStepMs } = this.#settings.figures;
    const { expiryMs, endsMs, lifeMs, generation } = header;
    // a clock of whole seconds may be late by one step: what is left is less then
    const leftMs =
      clockMs > 0 && endsMs > 0 ? Math.max(0, endsMs - (clockMs + clockStepMs - 1)) : NEVER;
    const [hash, replaces] = [hashOf(header.fingerprint), hashOf(header.replaces)];
    return { credentials, set: { expiryMs, hash, lifeMs, leftMs, generation, replaces } };
  }

  async #notice(key: string, record: StoreRecord): Promise<Pick<Look, "notice" | "noticeLeftMs">> {
    const none = { notice: 0, noticeLeftMs: 0 };
    if (record.notice.length === 0) return none;
    const opened = open(await this.#settings.keyring.ring(), key, "notice", record.notice);
    if (opened.state !== "open") return none;
    const { notice, noticeMs } = opened.header;
    return { notice, noticeLeftMs: Math.min(record.noticeLeftMs, noticeMs) };
  }
}

/** Whether what stands beside an entry is what its header says. */
function isBeside(header: Header, beside: StoreEntry): boolean {
  const { generation, fingerprint, expiryMs } = header;
  return (
    generation === beside.generation &&
    fingerprint === beside.fingerprint &&
    expiryMs === beside.expiryMs
  );
}

/** What can stand in a header of HTTP. */
const IN_HEADERS = /^[!-~]+$/;

/** The set of an entry; undefined: it is none that a client could use. */
function credentialsOf(set: SealedSet | undefined): Reply["credentials"] | undefined {
  if (set === undefined || !/^([0-9]{12})?$/.test(set.account)) return undefined;
  const { accessKey, secretKey, token, account } = set;
  if (![accessKey, secretKey, token].every((part) => IN_HEADERS.test(part))) return undefined;
  return {
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    sessionToken: token,
    ...(account !== "" && { accountId: account }),
  };
}

function toSeal(set: Reply["credentials"]): SealedSet {
  return {
    accessKey: set.accessKeyId,
    secretKey: set.secretAccessKey,
    token: set.sessionToken,
    account: set.accountId ?? "",
    sourceIdentity: "",
  };
}
