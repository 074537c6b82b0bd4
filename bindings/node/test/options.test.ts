import { describe, expect, test, vi } from "vitest";
import { EvercredsValidationError, RefreshableSession } from "../src/index.js";
import type { SessionOptions } from "../src/index.js";
import { virtualSession } from "./support/session.js";

const RoleArn = "arn:aws:iam::123456789012:role/app";
const SerialNumber = "arn:aws:iam::123456789012:mfa/a";
const custom = { method: "custom", customCredentialsMethod: () => Promise.reject(new Error()) };
const sts = { assumeRole: { RoleArn } };

function refusal(options: unknown): EvercredsValidationError {
  try {
    new RefreshableSession(options as SessionOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(EvercredsValidationError);
    return error as EvercredsValidationError;
  }
  throw new Error("the options were taken");
}

const seconds = /whole seconds with 0 <= mandatoryTimeout <= advisoryTimeout < 43200/;
const flag = /must be true or false/;
const object = /must be an object/;

test.each<[string, unknown, RegExp]>([
  ["advisoryTimeout", -1, seconds],
  ["advisoryTimeout", 1.5, seconds],
  ["advisoryTimeout", 43200, seconds],
  ["advisoryTimeout", NaN, seconds],
  ["advisoryTimeout", Infinity, seconds],
  ["advisoryTimeout", "900", seconds],
  ["advisoryTimeout", true, seconds],
  ["advisoryTimeout", null, seconds],
  ["mandatoryTimeout", -1, seconds],
  ["mandatoryTimeout", 0.5, seconds],
  ["mandatoryTimeout", "auto", seconds],
  ["mandatoryTimeout", 50000, seconds],
  ["deferRefresh", 0, flag],
  ["deferRefresh", "no", flag],
  ["deferRefresh", null, flag],
  ["jitter", 1, flag],
  ["attended", "yes", flag],
  ["policy", "Classic", /"classic", "adaptive" or "aws2026"/],
  ["policy", 0, /"classic", "adaptive" or "aws2026"/],
  ["policy", "toString", /"classic", "adaptive" or "aws2026"/],
  ["stability", "untilExpiry", /"strict", "until-expiry" or "static"/],
  ["advisoryRefresh", "lazy", /"background" or "inline"/],
  ["refreshTimeout", 0, /seconds above 0 and at most 43200/],
  ["refreshTimeout", 43201, /seconds above 0 and at most 43200/],
  ["refreshTimeout", "60", /seconds above 0 and at most 43200/],
  ["maxStale", -1, /seconds from 0 to 31536000/],
  ["maxStale", NaN, /seconds from 0 to 31536000/],
  ["maxWait", 3600.5, /seconds from 0 to 3600/],
  ["maxWait", "30", /seconds from 0 to 3600/],
  ["method", "iott", /"sts", "custom" or "iot"/],
  ["method", "STS", /"sts", "custom" or "iot"/],
  ["method", null, /"sts", "custom" or "iot"/],
  ["method", "constructor", /"sts", "custom" or "iot"/],
  ["roleAlias", "device", /of method "iot" only/],
  ["customCredentialsMethod", undefined, /must be a function/],
  ["customCredentialsMethod", {}, /must be a function/],
  ["stsClient", "us-east-1", object],
  ["assumeRole", sts.assumeRole, /only/],
  ["mfaTokenProvider", () => "123456", /only/],
  ["advisory_timeout", 900, /is not an option; expected one of method, .*advisoryTimeout/],
  ["time_out", 900, /is not an option/],
  ["timeout", 900, /of method "iot" only/],
])("custom: %s = %s is refused by name", (parameter, value, words) => {
  const error = refusal({ ...custom, [parameter]: value });
  expect(error.parameter).toBe(parameter);
  expect(error.message.startsWith(parameter)).toBe(true);
  expect(error.message).toMatch(words);
  expect(error).toMatchObject({ code: "validation", class: "permanent" });
});

test.each<[string, unknown, RegExp]>([
  ["assumeRole", undefined, object],
  ["assumeRole", RoleArn, object],
  ["assumeRole.RoleArn", undefined, /20 to 2048 characters/],
  ["assumeRole.RoleArn", 7, /20 to 2048 characters/],
  ["assumeRole.RoleArn", "arn:aws:iam", /20 to 2048 characters/],
  ["assumeRole.RoleSessionName", 7, /2 to 64 letters/],
  ["assumeRole.RoleSessionName", "", /2 to 64 letters/],
  ["assumeRole.RoleSessionName", "two words", /2 to 64 letters/],
  ["assumeRole.RoleSessionName", "x".repeat(65), /2 to 64 letters/],
  ["assumeRole.SourceIdentity", "x", /2 to 64 letters/],
  ["assumeRole.ExternalId", 5, /2 to 1224 characters/],
  ["assumeRole.SerialNumber", "short", /9 to 256 characters/],
  ["assumeRole.Policy", { Version: "2012-10-17" }, /must be a string/],
  ["assumeRole.PolicyArns", "arn", /must be an array/],
  ["assumeRole.Tags", { team: "a" }, /must be an array/],
  ["assumeRole.TransitiveTagKeys", "team", /must be an array/],
  ["assumeRole.ProvidedContexts", {}, /must be an array/],
  ["assumeRole.Policy", '{"Sid":"\u20ac"}', /U\+0020 to U\+00FF/],
  ["assumeRole.PolicyArns", [RoleArn], /array of at most 10 objects with an arn/],
  ["assumeRole.PolicyArns", [{ Arn: RoleArn }], /objects with an arn/],
  ["assumeRole.PolicyArns", Array(11).fill({ arn: RoleArn }), /at most 10/],
  ["assumeRole.Tags", [{ key: "team", value: "a" }], /a Key of 1 to 128/],
  ["assumeRole.Tags", [{ Key: "", Value: "a" }], /a Key of 1 to 128/],
  ["assumeRole.Tags", [{ Key: "team", Value: "a;b" }], /a Key of 1 to 128/],
  ["assumeRole.Tags", [{ Key: "team", Value: 7 }], /a Key of 1 to 128/],
  ["assumeRole.Tags", [, { Key: "team", Value: "a" }], /a Key of 1 to 128/],
  ["assumeRole.Tags", Array(51).fill({ Key: "team", Value: "a" }), /at most 50/],
  ["assumeRole.TransitiveTagKeys", ["team", ""], /strings of 1 to 128/],
  ["assumeRole.ProvidedContexts", ["arn"], /a ProviderArn of 20 to 2048/],
  ["assumeRole.ProvidedContexts", [{ ContextAssertion: "a" }], /ContextAssertion of 4 to 2048/],
  ["assumeRole.DurationSeconds", null, /whole seconds from 900 to 43200/],
  ["assumeRole.DurationSeconds", 899, /whole seconds from 900 to 43200/],
  ["assumeRole.DurationSeconds", 900.5, /whole seconds from 900 to 43200/],
  ["assumeRole.DurationSeconds", "900", /whole seconds from 900 to 43200/],
  ["assumeRole.TokenCode", 123456, /six digits/],
  ["assumeRole.TokenCode", "12345", /six digits/],
  ["assumeRole.TokenCode", "١٢٣٤٥٦", /six digits/],
  ["assumeRole.roleArn", RoleArn, /is not known/],
  ["mfaTokenProvider", 123456, /must be a function, or a command/],
  ["mfaTokenProvider", "", /a program as its first word/],
  ["mfaTokenProvider", "  ", /a program as its first word/],
  ["mfaTokenProvider", [], /a program as its first word/],
  ["mfaTokenProvider", ["mfa", 7], /only strings/],
  ["mfaTokenProvider", `mfa "for me`, /unterminated quote/],
  ["customCredentialsMethod", () => undefined, /only/],
])("sts: %s = %s is refused by name", (parameter, value, words) => {
  const [outer = "", inner] = parameter.split(".");
  const options =
    inner === undefined
      ? { ...sts, [outer]: value }
      : { assumeRole: { ...sts.assumeRole, [inner]: value } };
  const error = refusal(options);
  expect(error.parameter).toBe(parameter);
  expect(error.message).toMatch(words);
});

test("sts: what STS takes is taken", () => {
  const tag = { Key: "\u{1d54f}".repeat(128), Value: "" };
  const assumeRole = {
    ...sts.assumeRole,
    Policy: '{\n\t"Sid": "\u00e4"}',
    PolicyArns: [{ arn: "arn:aws-cn:iam::aws:policy/ReadOnlyAccess" }],
    Tags: Array<object>(50).fill(tag),
    TransitiveTagKeys: [tag.Key],
    ProvidedContexts: [{ ProviderArn: "arn:aws:iam::aws:contextProvider/x" }],
  };
  new RefreshableSession({ assumeRole } as never).close();
});

describe("options that do not fit each other", () => {
  test("a mandatory window beyond the advisory one", () => {
    const error = refusal({ ...custom, advisoryTimeout: 300, mandatoryTimeout: 301 });
    expect(error.parameter).toBe("mandatoryTimeout");
  });

  test.each<[string, object, unknown, object?]>([
    ["assumeRole.SerialNumber", { TokenCode: "123456" }, undefined],
    ["assumeRole.SerialNumber", {}, () => "123456"],
    ["assumeRole.TokenCode", { SerialNumber, TokenCode: "123456" }, () => "123456"],
    ["mfaTokenProvider", { SerialNumber }, undefined],
    ["mfaTokenProvider", {}, undefined, { timeout: 5 }],
    ["mfaCommandOptions", { SerialNumber }, () => "123456", { timeout: 5 }],
    ["mfaCommandOptions", { SerialNumber }, "mfa", []],
  ])("MFA by halves: %s", (parameter, more, mfaTokenProvider, mfaCommandOptions) => {
    const options = { assumeRole: { RoleArn, ...more }, mfaTokenProvider, mfaCommandOptions };
    expect(refusal(options).parameter).toBe(parameter);
  });

  test.each<[string, object, RegExp]>([
    ["shell", { shell: true }, /expected cwd, env, timeout/],
    ["cwd", { cwd: 7 }, /must be a string/],
    ["env", { env: { A: 1 } }, /strings only/],
    ["timeout", { timeout: 0 }, /seconds above 0/],
  ])("a command and its %s", (name, mfaCommandOptions, words) => {
    const assumeRole = { RoleArn, SerialNumber };
    const error = refusal({ assumeRole, mfaTokenProvider: "mfa", mfaCommandOptions });
    expect(error.parameter).toBe(`mfaCommandOptions.${name}`);
    expect(error.message).toMatch(words);
  });

  test("more than an hour on a role of another session's: STS has its limit there", () => {
    const parent = new RefreshableSession(sts);
    const stsClient = { credentials: parent.credentials };
    const error = refusal({ assumeRole: { RoleArn, DurationSeconds: 3601 }, stsClient });
    expect(error.parameter).toBe("assumeRole.DurationSeconds");
    expect(error.message).toMatch(/at most 3600/);
    const fits = { assumeRole: { RoleArn, DurationSeconds: 3600 }, stsClient };
    expect(() => new RefreshableSession(fits)).not.toThrow();
    const { session } = virtualSession(); // what a function gives need not be a role's
    const other = { credentials: session.credentials };
    const long = { assumeRole: { RoleArn, DurationSeconds: 43200 }, stsClient: other };
    expect(() => new RefreshableSession(long)).not.toThrow();
  });

  test.each([undefined, null, "sts", []])("%s instead of options", (options) => {
    expect(refusal(options).parameter).toBe("options");
  });
});

test("the value is told by its kind: strings may be secrets", () => {
  const error = refusal({ ...custom, advisoryTimeout: "sentinel-value" });
  expect(error.message).toMatch(/got a string$/);
  expect(refusal({ ...custom, refreshTimeout: -3 }).message).toMatch(/got -3$/);
});

test("undefined is as good as not given", async () => {
  const { session } = virtualSession({ advisoryTimeout: undefined, policy: undefined });
  await session.credentials();
  expect(session.status().advisoryTimeout).toBe(900);
  expect(session.status().mandatoryTimeout).toBe(600);
});

test("auto windows, and what goes with them", async () => {
  const { session } = virtualSession({ advisoryTimeout: "auto" });
  await session.credentials();
  expect(session.status()).toMatchObject({ advisoryTimeout: 900, mandatoryTimeout: 60 });
});

test.each([
  [undefined, "inline", "AKIA2"],
  ["background" as const, "background", "AKIA1"],
])("on Lambda, advisoryRefresh %s is %s", async (given, _means, served) => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "app");
  try {
    const { session, clock } = virtualSession(
      given === undefined ? {} : { advisoryRefresh: given },
    );
    await session.credentials();
    await clock.advance((3600 - 800) * 1000);
    expect((await session.credentials()).accessKeyId).toBe(served);
  } finally {
    vi.unstubAllEnvs();
  }
});

test.each([
  ["minTtl", { minTtl: -1 }],
  ["minTtl", { minTtl: NaN }],
  ["minTtl", { minTtl: "60" }],
  ["minTtl", { minTtl: 129601 }],
  ["signal", { signal: {} }],
  ["minTTL", { minTTL: 60 }],
  ["options", 60],
])("credentialsFor refuses a bad %s", async (parameter, needs) => {
  const { session } = virtualSession();
  await expect(session.credentialsFor(needs as never)).rejects.toMatchObject({
    code: "validation",
    parameter,
  });
});

test("refresh refuses what it does not know", async () => {
  const { session } = virtualSession();
  await expect(session.refresh({ minTtl: 60 } as never)).rejects.toMatchObject({
    code: "validation",
    parameter: "minTtl",
  });
});

test.each([null, 5, "AKIA", {}, { accessKeyId: "AKIA" }, { accessKeyId: "AKIA", sessionToken: 1 }])(
  "invalidate refuses what cannot be credentials (%#)",
  (rejected) => {
    const { session } = virtualSession();
    let thrown: unknown;
    try {
      session.invalidate(rejected as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "validation", parameter: "rejected" });
  },
);
