import type { AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import * as abi from "../library/abi-generated.js";
import { isRecord, wrong } from "../common/check.js";
import { guarded } from "../common/guard.js";
import type { Rules } from "../library/rules.js";

/** What one value of AssumeRole must be; STS has the same rules, and says less. */
interface AssumeRoleRule {
  fits: (value: unknown) => boolean;
  words: string;
}

function text(least: number, most: number): AssumeRoleRule {
  return {
    fits: (v) => typeof v === "string" && v.length >= least && v.length <= most,
    words: `must be a string of ${least} to ${most} characters`,
  };
}

const NAME: AssumeRoleRule = {
  fits: (v) => typeof v === "string" && /^[\w+=,.@-]{2,64}$/.test(v),
  words: "must be a string of 2 to 64 letters, digits or _+=,.@-",
};
const ROLE_ARN = text(20, 2048);
const DURATION_WORDS = "must be whole seconds from 900 to 43200";
/** New in September 2026: STS fills the token up to that size. */
const TOKEN_SIZE: AssumeRoleRule = {
  fits: (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= 4096,
  words: "must be a whole number of bytes from 0 to 4096",
};
const POLICY: AssumeRoleRule = {
  fits: (v) => typeof v === "string" && /^[\t\n\r\u0020-\u00ff]+$/.test(v),
  words: "must be a string of JSON, of characters from U+0020 to U+00FF, tabs and line ends",
};

/** A list, all of whose entries are of one kind. The user's objects may throw where they are read. */
function list(most: number, entries: string, fits: (entry: unknown) => boolean): AssumeRoleRule {
  return {
    fits: (v) =>
      guarded(() => Array.isArray(v) && v.length <= most && Array.from(v).every(fits), false),
    words: `must be an array of at most ${most} ${entries}`,
  };
}

/** As the rule says, or not given. */
function isOr({ fits }: AssumeRoleRule, value: unknown): boolean {
  return value === undefined || fits(value);
}

/** Characters are counted, not halves of them: letters of all scripts may be in tags. */
function ofTag(value: unknown, least: number, most: number): boolean {
  if (typeof value !== "string" || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value)) return false;
  const count = Array.from(value).length;
  return count >= least && count <= most;
}

const OF_TAGS = "letters, numbers, blanks or _.:/=+-@";
const POLICY_ARNS = list(10, "objects with an arn of 20 to 2048 characters", (v) => {
  return isRecord(v) && ROLE_ARN.fits(v["arn"]);
});
const TAGS = list(
  50,
  `objects with a Key of 1 to 128 and a Value of at most 256 characters: ${OF_TAGS}`,
  (v) => isRecord(v) && ofTag(v["Key"], 1, 128) && ofTag(v["Value"], 0, 256),
);
const TAG_KEYS = list(50, `strings of 1 to 128 characters: ${OF_TAGS}`, (v) => ofTag(v, 1, 128));
const ASSERTION = text(4, 2048);
const CONTEXTS = list(
  5,
  "objects with a ProviderArn of 20 to 2048 and a ContextAssertion of 4 to 2048 characters",
  (v) => isRecord(v) && isOr(ROLE_ARN, v["ProviderArn"]) && isOr(ASSERTION, v["ContextAssertion"]),
);

const ASSUME_ROLE_RULES: ReadonlyMap<string, AssumeRoleRule> = new Map([
  ["RoleArn", ROLE_ARN],
  ["RoleSessionName", NAME],
  ["PolicyArns", POLICY_ARNS],
  ["Policy", POLICY],
  ["DurationSeconds", { fits: (v) => typeof v === "number", words: DURATION_WORDS }],
  ["ExternalId", text(2, 1224)],
  ["MinimumSessionTokenSize", TOKEN_SIZE],
  ["SerialNumber", text(9, 256)],
  [
    "TokenCode",
    {
      fits: (v) => typeof v === "string" && /^[0-9]{6}$/.test(v),
      words: "must be a string of exactly six digits",
    },
  ],
  ["Tags", TAGS],
  ["TransitiveTagKeys", TAG_KEYS],
  ["SourceIdentity", NAME],
  ["ProvidedContexts", CONTEXTS],
]);

/** Checks what is to be given to AssumeRole, by the rules that STS has. */
export function readAssumeRole(
  given: unknown,
  rules: Rules,
  chained: boolean,
): AssumeRoleCommandInput {
  if (!isRecord(given)) {
    throw wrong("assumeRole", "must be an object with at least RoleArn", given);
  }
  for (const [name, value] of Object.entries(given)) {
    const rule = ASSUME_ROLE_RULES.get(name);
    if (rule === undefined) {
      const known = [...ASSUME_ROLE_RULES.keys()].join(", ");
      throw wrong(`assumeRole.${name}`, `is not known; expected one of ${known}`, value);
    }
    if (value === undefined || rule.fits(value)) continue;
    throw wrong(`assumeRole.${name}`, rule.words, value);
  }
  const { RoleArn, RoleSessionName = "evercreds", DurationSeconds } = given;
  if (RoleArn === undefined) throw wrong("assumeRole.RoleArn", ROLE_ARN.words, RoleArn);
  checkDuration(DurationSeconds as number | undefined, rules, chained);
  // the rules have seen to the types
  return { ...given, RoleArn, RoleSessionName } as AssumeRoleCommandInput;
}

function checkDuration(seconds: number | undefined, rules: Rules, chained: boolean): void {
  if (seconds === undefined) return;
  const name = "assumeRole.DurationSeconds";
  const result = rules.duration(seconds, chained);
  if (result === abi.Result.ERR_DURATION_CHAINED) {
    throw wrong(name, "must be at most 3600 if one role assumes another", seconds);
  }
  if (result < 0) throw wrong(name, DURATION_WORDS, seconds);
}
