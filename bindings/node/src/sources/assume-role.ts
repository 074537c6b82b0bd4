import type { AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import * as abi from "../library/abi-generated.js";
import { isRecord, wrong } from "../common/check.js";
import type { Rules } from "../library/rules.js";

/** What one value of AssumeRole must be; STS has the same rules, and says less. */
interface AssumeRoleRule {
  fits: (value: unknown) => boolean;
  words: string;
}

function text(least: number, most: number): AssumeRoleRule {
  return {
    fits: (v) => typeof v === "string" && v.length >= least && v.length <= most,
    words: `must be a string of ${least}${most === Infinity ? " or more" : ` to ${most}`} characters`,
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
const LIST: AssumeRoleRule = { fits: Array.isArray, words: "must be an array" };

const ASSUME_ROLE_RULES: ReadonlyMap<string, AssumeRoleRule> = new Map([
  ["RoleArn", ROLE_ARN],
  ["RoleSessionName", NAME],
  ["PolicyArns", LIST],
  ["Policy", text(1, Infinity)],
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
  ["Tags", LIST],
  ["TransitiveTagKeys", LIST],
  ["SourceIdentity", NAME],
  ["ProvidedContexts", LIST],
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
