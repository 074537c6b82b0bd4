import { wrong } from "../common/check.js";
import { guarded, peek } from "../common/guard.js";
import { FileStore } from "./file.js";
import { Group } from "./group.js";
import type { Json } from "./canonical.js";
import { callerPrincipal, iotInputs, publicKeyOf, stsInputs } from "./inputs.js";
import { Keyring } from "./keys.js";
import type { Store, StoreFigures } from "./store.js";

/** What makes the names of a group; the session has none of it by itself. */
export const naming = { callerPrincipal, iotInputs, publicKeyOf, stsInputs };

/** What a session gives. */
interface OpenSettings {
  /** True, the path of a directory, or a store. */
  readonly share: unknown;
  readonly shareKey: unknown;
  readonly shareNameKey: unknown;
  /** One-time codes are sent: no flight goes without the turn. */
  readonly isExclusive: boolean;
  /** What the set is for. */
  readonly inputs: (signal: AbortSignal) => Promise<Json>;
}

/** A group, and what its store tells of itself, in milliseconds. */
export interface OpenedGroup {
  readonly group: Group;
  readonly callMs: number;
  readonly pollMs: number;
}

const SHARE_WORDS =
  "must be true, the absolute path of a directory, or a store with read, campaign, publish and resign";

/**
 * Opens the store of a session.
 *
 * @throws EvercredsValidationError naming `share`, `shareKey` or `shareNameKey`
 */
export function openGroup(settings: OpenSettings): OpenedGroup {
  const { share, isExclusive, inputs } = settings;
  const own =
    share === true || typeof share === "string" ? new FileStore(pathOf(share)) : undefined;
  const store = own ?? readStore(share);
  const figures = readFigures(peek(store, "figures"));
  if (isExclusive && !(figures.isLock && typeof peek(store, "mark") === "function")) {
    const words =
      "must be true or a directory where one-time codes are sent: only there a turn is a lock";
    throw wrong("share", words, share);
  }
  const keyring = new Keyring(keyOf(settings, store), settings.shareNameKey);
  const close = () => own?.close();
  const { callMs, pollMs } = figures;
  return {
    group: new Group({ store, keyring, inputs, isExclusive, figures, close }),
    callMs,
    pollMs,
  };
}

function pathOf(share: true | string): string | undefined {
  return share === true ? undefined : share;
}

function readStore(share: unknown): Store {
  const calls = ["read", "campaign", "publish", "resign"];
  if (calls.every((name) => typeof peek(share, name) === "function")) return share as Store;
  throw wrong("share", SHARE_WORDS, share);
}

/** The key that is given, or the one that a store of files has. */
function keyOf({ shareKey }: OpenSettings, store: Store): unknown {
  if (shareKey !== undefined) return shareKey;
  // a file store of this package's other copy is one too
  const { ownKey } = store as { ownKey?: () => Uint8Array };
  if (typeof ownKey === "function") return ownKey.call(store);
  throw wrong("shareKey", "must be given where the store is not of files", shareKey);
}

/** What a store tells of itself, with the defaults. */
type Figures = Required<{ [Name in keyof StoreFigures]: NonNullable<StoreFigures[Name]> }>;

function readFigures(given: unknown): Figures {
  const within = (name: string, least: number, most: number, otherwise: number) => {
    const value = peek(given, name) ?? otherwise;
    if (typeof value === "number" && value >= least && value <= most) return value;
    const words = `must have figures.${name} from ${least} to ${most}`;
    throw wrong("share", words, value);
  };
  return {
    callMs: within("callMs", 25, 10_000, 250),
    pollMs: within("pollMs", 5, 5000, 100),
    clockStepMs: within("clockStepMs", 1, 60_000, 1),
    isLock: guarded(() => peek(given, "isLock") === true, false),
  };
}

/** What the package's main file uses of this one. */
export interface ShareModule {
  readonly openGroup: typeof openGroup;
  readonly naming: typeof naming;
}
