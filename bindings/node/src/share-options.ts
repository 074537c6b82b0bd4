import { platform } from "#platform";
import { type Given, wrong } from "./common/check.js";
import { EvercredsError } from "./errors.js";
import * as abi from "./library/abi-generated.js";
import type { Method } from "./options.js";
import type { Group } from "./share/group.js";
import { shareModule } from "./share/module.js";
import type { OpenedGroup, ShareModule } from "./share/open.js";
import type { GroupInputs } from "./sources/group-inputs.js";

/** A session's part in a group, and the options of the machine for it. */
interface Shared {
  readonly group: Group;
  readonly numbers: [number, number][];
  /** What is to be told of the options. */
  readonly warning: string | undefined;
}

/** What is of use with `share` alone. */
const WITH_SHARE = [
  ...["shareKey", "shareNameKey", "shareId", "sharePrincipal", "shareTurn", "shareWait"],
];

const [TURN_S, WAIT_S] = [5, 10];

/**
 * Reads the options of sharing, and opens the store.
 *
 * @param inputs what the session's set is for; undefined: it cannot be told
 * @throws EvercredsValidationError naming the parameter and what was expected
 */
export function readShare(
  method: Method,
  options: Given,
  isExclusive: boolean,
  inputs: GroupInputs,
): Shared | undefined {
  const { share = false, shareKey, shareNameKey } = options;
  if (share === false) {
    const unused = WITH_SHARE.find((name) => options[name] !== undefined);
    if (unused === undefined) return undefined;
    throw wrong(unused, "is of use with share only", options[unused]);
  }
  checkText(options, "shareId");
  checkText(options, "sharePrincipal");
  if (method === "custom" && options["shareId"] === undefined) {
    const words = "must be given to share what customCredentialsMethod gets: it names the group";
    throw wrong("shareId", words, undefined);
  }
  const module = loadModule(share);
  const opened = module.openGroup({
    ...{ share, shareKey, shareNameKey, isExclusive },
    inputs: (signal) => inputs(module.naming, signal),
  });
  return {
    group: opened.group,
    numbers: numbersOf(method, options, isExclusive, opened),
    warning: warningOf(options),
  };
}

function numbersOf(
  method: Method,
  options: Given,
  isExclusive: boolean,
  { callMs, pollMs }: OpenedGroup,
): [number, number][] {
  const { SHARE, SHARE_CALL, SHARE_POLL, SHARE_FIRST_CALL } = abi.Option;
  const mayAsk = method === "sts" && options["sharePrincipal"] === undefined;
  const firstMs = Math.max(callMs, mayAsk ? abi.ASKED_LOOK_MS : abi.FIRST_LOOK_MS);
  return [
    [SHARE, isExclusive ? abi.Sharing.EXCLUSIVE : abi.Sharing.ON],
    [SHARE_CALL, callMs / 1000],
    [SHARE_POLL, pollMs / 1000],
    [SHARE_FIRST_CALL, firstMs / 1000],
  ];
}

function warningOf({ shareTurn = TURN_S, shareWait = WAIT_S }: Given): string | undefined {
  return Number(shareWait) < 2 * Number(shareTurn) ? abi.SHORT_WAIT : undefined;
}

/** What names a group must be the same text in every language. */
function checkText(options: Given, name: string): void {
  const value = options[name];
  if (value === undefined) return;
  const fits = typeof value === "string" && value !== "" && value.length <= 1024;
  if (fits && !/\p{Surrogate}/u.test(value)) return;
  throw wrong(name, "must be a string of 1 to 1024 characters", value);
}

function loadModule(share: unknown): ShareModule {
  if (platform === undefined) throw wrong("share", "needs Node: there are no stores here", share);
  const problem = shareModule.loaded === undefined ? platform.loadShare() : undefined;
  if (shareModule.loaded !== undefined) return shareModule.loaded;
  const words = `share ${problem ?? "needs it"}; a bundle must import "evercreds/share" itself`;
  throw new EvercredsError("configuration", words, { class: "permanent" });
}
