/** A sealed set, with what the write rule needs to know of it. */
export interface StoreEntry {
  /** At most 8 KiB. Empty: there is no entry. */
  readonly sealed: Uint8Array;
  /** The highest number of a turn that its writer knew: below 2^52. */
  readonly generation: number;
  /** Of the set: 16 hex digits. */
  readonly fingerprint: string;
  /** Of the set, as its source wrote it: milliseconds since 1970. */
  readonly expiryMs: number;
}

/** What a store keeps under one key, as of now. */
export interface StoreRecord {
  /** The highest number of a turn; 0: there was none. */
  readonly number: number;
  /** Who has, or had, that turn: 32 hex digits; "": nobody. */
  readonly owner: string;
  /** Milliseconds that are left of it on the store's clock; 0: no turn runs. */
  readonly turnLeftMs: number;
  /** The set that is shared. */
  readonly entry: StoreEntry;
  /** What the last leader left that failed; empty: nothing. */
  readonly notice: Uint8Array;
  /** Milliseconds for which it still counts, on the store's clock; 0: none. */
  readonly noticeLeftMs: number;
  /**
   * The store's clock: milliseconds since any instant that stays the same for this store;
   * 0: it has none. A clock of whole seconds tells the second that has begun.
   */
  readonly clockMs: number;
}

/** What a session says that tries for a turn, or extends its own. */
export interface Campaign {
  /** 32 hex digits, of this session alone. */
  readonly owner: string;
  /** The highest number of a turn that it has ever seen. */
  readonly seen: number;
  /** What the record had at its last look. */
  readonly saw: { readonly number: number; readonly fingerprint: string };
  /** Length of the turn, in milliseconds. */
  readonly turnMs: number;
}

/** The answer to a {@link Campaign}. */
export interface Campaigned {
  /** Whether the turn is the owner's now. */
  readonly won: boolean;
  /** Of the turn that was won, else the record's. */
  readonly number: number;
  /** Milliseconds that are left of the turn that runs, whosever it is; 0: none runs. */
  readonly leftMs: number;
  /** As in {@link StoreRecord}. */
  readonly clockMs: number;
}

/** An entry that a session has for its group. */
export interface Publication {
  /** As in {@link Campaign}. */
  readonly owner: string;
  /** The highest number of a turn that this may end. */
  readonly number: number;
  /** What is to be stored. */
  readonly entry: StoreEntry;
  /** The fingerprint of the refused set in whose place this one was fetched; zeros: none. */
  readonly replaces: string;
  /** What the last look found and could not open; undefined: nothing. */
  readonly junk?: { readonly generation: number; readonly fingerprint: string } | undefined;
  /** Milliseconds that the record must last; a store keeps it for an hour at least. */
  readonly ttlMs: number;
}

/** The answer to a {@link Publication}. */
export interface Published {
  /** False: the store has a newer one. */
  readonly stored: boolean;
  /** As in {@link StoreRecord}. */
  readonly clockMs: number;
}

/** What ends a turn that came to nothing. */
export interface Resignation {
  /** As in {@link Campaign}. */
  readonly owner: string;
  /** The highest number of a turn that this may end. */
  readonly number: number;
  /** Sealed, at most 8 KiB; empty: none. */
  readonly notice: Uint8Array;
  /** Milliseconds for which it counts. */
  readonly noticeMs: number;
  /** As in {@link Publication}. */
  readonly ttlMs: number;
}

/** What comes along with each call of a store. */
export interface StoreCall {
  /** Aborted when nobody waits for the answer any more. A late one is still taken. */
  readonly signal: AbortSignal;
  /**
   * The turn is to be a lock: without an end by time, and never taken over while its
   * process lives. Only a store is asked that whose figures say `isLock`.
   */
  readonly exclusive: boolean;
}

/** What a store tells of itself. */
export interface StoreFigures {
  /** The bound of a call, in milliseconds: 25 to 10000. Default: 250. */
  readonly callMs?: number | undefined;
  /** The first pause of a caller who follows, in milliseconds: 5 to 5000. Default: 100. */
  readonly pollMs?: number | undefined;
  /** The steps of the store's clock, in milliseconds: 1000 for whole seconds. Default: 1. */
  readonly clockStepMs?: number | undefined;
  /** A turn is a lock that falls when its process dies, and never before. Default: false. */
  readonly isLock?: boolean | undefined;
}

/**
 * Where processes meet that share their refreshes: one record for each key. It may be
 * down, slow, stale or forged: it may delay a refresh, and never prevents one, and it
 * sees only what is sealed.
 *
 * Each call is atomic for its key. It may be repeated with the same arguments: the second
 * time it changes nothing that matters, and answers as the first did. A call that rejects
 * has failed, whatever the reason; the session then goes on without the store for a while.
 * docs/reference/sharing-stores.md is the contract, for all languages. `storeRules` of
 * `evercreds/share/testing` plays its cases on a store of yours.
 */
export interface Store {
  /** Default: {}. */
  readonly figures?: StoreFigures | undefined;
  /** Reads what was written last; zeros and empty strings where there is nothing. */
  read(key: string, call: StoreCall): Promise<StoreRecord>;
  /**
   * Tries for a turn. If one runs and is the owner's, it ends `turnMs` from now, with the
   * same number. If it is another's, nothing happens. If none runs, it is won only if the
   * record's number and its entry's fingerprint are those of `saw`; its number is
   * max(record's, seen) + 1.
   */
  campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned>;
  /**
   * Stores an entry by the write rule: if there is none; if it is the very same; if its
   * generation is not lower, and it expires later or the stored fingerprint is `replaces`;
   * or if `junk` names the stored one. Where it is stored, the notice goes. The owner's turn
   * ends, stored or not, unless it has a higher number.
   */
  publish(key: string, publication: Publication, call: StoreCall): Promise<Published>;
  /**
   * Ends the owner's turn, unless that has a higher number. Only if it ended one, it leaves
   * the notice, if there is one.
   */
  resign(key: string, resignation: Resignation, call: StoreCall): Promise<void>;
  /**
   * Writes the mark of a one-time code, 64 hex digits, and tells how many milliseconds ago
   * it was written before; undefined: not within five minutes. Only for a store that is a lock.
   */
  mark?(key: string, mark: string, call: StoreCall): Promise<number | undefined>;
}
