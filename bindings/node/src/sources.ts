import type { AssumeRoleCommandInput, STSClientConfig } from "@aws-sdk/client-sts";
import * as abi from "./abi_generated.js";
import { type CustomCredentialsMethod, CustomSource } from "./custom.js";
import { EvercredsValidationError } from "./errors.js";
import { MfaCodes, type MfaTokenProvider } from "./mfa.js";
import { type Given, isRecord } from "./options.js";
import type { Rules } from "./rules.js";
import type { Source } from "./source.js";
import { type Parent, StsSource } from "./sts.js";

/** Finds the session whose `credentials` a client is configured with, if it is one. */
export type FindParent = (credentials: unknown) => Parent | undefined;

const ASSUME_ROLE_NAMES = [
  "RoleArn",
  "RoleSessionName",
  "PolicyArns",
  "Policy",
  "DurationSeconds",
  "ExternalId",
  "SerialNumber",
  "TokenCode",
  "Tags",
  "TransitiveTagKeys",
  "SourceIdentity",
  "ProvidedContexts",
];

/** STS refuses shorter ones. */
const ROLE_ARN_LENGTH = 20;

/** The source of method "custom". */
export function customSource(options: Given, rules: Rules): Source {
  const method = options["customCredentialsMethod"];
  if (typeof method !== "function") {
    throw wrong("customCredentialsMethod", "must be a function", method);
  }
  const args = record(options, "customCredentialsMethodArgs");
  return new CustomSource(method as CustomCredentialsMethod, args, rules);
}

/** The source of method "sts". */
export function stsSource(options: Given, rules: Rules, findParent: FindParent): Source {
  const client = stsClientConfig(options);
  const parent = findParent(client.credentials);
  const assumeRole = readAssumeRole(options["assumeRole"], rules, parent !== undefined);
  const mfa = readMfa(options, assumeRole);
  return new StsSource({ assumeRole, client, mfa, parent });
}

/** Settings for STS clients: a copy, since clients write to what they are given. */
export function stsClientConfig(options: Given): STSClientConfig {
  return { ...record(options, "stsClient") };
}

function readAssumeRole(given: unknown, rules: Rules, chained: boolean): AssumeRoleCommandInput {
  if (!isRecord(given)) {
    throw wrong("assumeRole", "must be an object with at least RoleArn", given);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!ASSUME_ROLE_NAMES.includes(name)) {
      const known = ASSUME_ROLE_NAMES.join(", ");
      throw wrong(`assumeRole.${name}`, `is not known; expected one of ${known}`, value);
    }
  }
  const {
    RoleArn: arn,
    RoleSessionName: session,
    TokenCode: code,
    DurationSeconds: seconds,
  } = given;
  if (typeof arn !== "string" || arn.length < ROLE_ARN_LENGTH) {
    throw wrong("assumeRole.RoleArn", "must be a string of at least 20 characters", arn);
  }
  if (session !== undefined && typeof session !== "string") {
    throw wrong("assumeRole.RoleSessionName", "must be a string", session);
  }
  if (code !== undefined && !(typeof code === "string" && /^[0-9]{6}$/.test(code))) {
    throw wrong("assumeRole.TokenCode", "must be a string of exactly six digits", code);
  }
  checkDuration(seconds, rules, chained);
  return { ...given, RoleArn: arn, RoleSessionName: session ?? "evercreds" };
}

function checkDuration(seconds: unknown, rules: Rules, chained: boolean): void {
  if (seconds === undefined) return;
  const name = "assumeRole.DurationSeconds";
  const result = typeof seconds === "number" ? rules.duration(seconds, chained) : -1;
  if (result === abi.Result.ERR_DURATION_CHAINED) {
    throw wrong(name, "must be at most 3600 where a role is assumed by another role", seconds);
  }
  if (result < 0) throw wrong(name, "must be whole seconds from 900 to 43200", seconds);
}

function readMfa(options: Given, assumeRole: AssumeRoleCommandInput): MfaCodes | undefined {
  const { SerialNumber: serial, TokenCode: code } = assumeRole;
  const provider = options["mfaTokenProvider"];
  const args = record(options, "mfaTokenProviderArgs");
  const given = provider !== undefined;
  if (given && typeof provider !== "function") {
    throw wrong("mfaTokenProvider", "must be a function", provider);
  }
  if (given && code !== undefined) {
    throw wrong("assumeRole.TokenCode", "must not be given beside mfaTokenProvider", code);
  }
  if ((given || code !== undefined) && typeof serial !== "string") {
    const why = "must be given, a string, where there is a TokenCode or an mfaTokenProvider";
    throw wrong("assumeRole.SerialNumber", why, serial);
  }
  if (!given && code === undefined && serial !== undefined) {
    throw wrong("mfaTokenProvider", "must be given where there is a SerialNumber", provider);
  }
  if (given) return new MfaCodes(provider as MfaTokenProvider, args);
  return code === undefined ? undefined : MfaCodes.once(code);
}

function record(options: Given, name: string): Record<string, unknown> {
  const value = options[name];
  if (value === undefined) return {};
  if (isRecord(value)) return value;
  throw wrong(name, "must be an object", value);
}

function wrong(parameter: string, expectation: string, given: unknown): EvercredsValidationError {
  return new EvercredsValidationError(parameter, `${parameter} ${expectation}`, given);
}
