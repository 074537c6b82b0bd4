import type { AssumeRoleCommandInput, STSClientConfig } from "@aws-sdk/client-sts";
import { readAssumeRole } from "./assume-role.js";
import { readCommand, runForCode } from "./command.js";
import { type CustomCredentialsMethod, CustomSource } from "./custom.js";
import { guardedLogger } from "./logger.js";
import { MfaCodes, type MfaTokenProvider } from "./mfa.js";
import { IotSource } from "./iot.js";
import { readIot } from "./iot-options.js";
import { MqttClients } from "../mqtt/clients.js";
import { type Given, isPlain, isRecord, record, wrong } from "../common/check.js";
import type { Method } from "../options.js";
import type { Rules } from "../library/rules.js";
import type { GroupInputs } from "./group-inputs.js";
import type { Source } from "./source.js";
import { stsPlace } from "./sts-place.js";
import { type Parent, StsSource } from "./sts.js";

/** Finds the session whose `credentials` a client is configured with, if it is one. */
type FindParent = (credentials: unknown) => Parent | undefined;

/** A source, and what comes with it. */
interface MadeSource {
  source: Source;
  /** What the set is for. */
  inputs: GroupInputs;
  /** The one-time codes that attempts send. */
  codes?: MfaCodes | undefined;
  /** The region that the options tell. */
  region?: string;
  /** Makes clients for MQTT. */
  mqtt?: MqttClients;
}

/** The source of method "custom". */
function customSource(options: Given, rules: Rules): Source {
  const method = options["customCredentialsMethod"];
  if (typeof method !== "function") {
    throw wrong("customCredentialsMethod", "must be a function", method);
  }
  return new CustomSource(method as CustomCredentialsMethod, rules);
}

/** The source of method "sts", and what comes with it. */
function stsSource(options: Given, rules: Rules, findParent: FindParent): MadeSource {
  const client = stsClientConfig(options);
  const parent = findParent(client.credentials);
  // what a function gives need not be a role's, for which STS has its limit
  const chained = parent !== undefined && parent.method !== "custom";
  const assumeRole = readAssumeRole(options["assumeRole"], rules, chained);
  const mfa = readMfa(options, assumeRole, rules);
  const principal = options["sharePrincipal"] as string | undefined; // checked before it is used
  return {
    source: new StsSource({ assumeRole, client, mfa, parent, rules }),
    inputs: async (naming, signal) =>
      naming.stsInputs(assumeRole, await stsPlace({ client, parent, principal }, naming, signal)),
    codes: mfa,
  };
}

/** The source of a method, and what else comes with it. */
export function sourceOf(
  method: Method,
  options: Given,
  rules: Rules,
  findParent: FindParent,
): MadeSource {
  if (method === "custom") {
    const share_id = String(options["shareId"]); // checked before it is used
    const inputs = () => Promise.resolve({ format: 1, method, share_id });
    return { source: customSource(options, rules), inputs };
  }
  if (method === "sts") return stsSource(options, rules, findParent);
  const settings = readIot(options, rules);
  const { region, identity, platform } = settings;
  const mqtt = new MqttClients(identity, platform, rules);
  const { host, roleAlias, thingName } = settings;
  const inputs: GroupInputs = async (naming, signal) => {
    const { certificate } = await identity.settled(signal);
    if (certificate === undefined) throw new Error("there is no certificate");
    return naming.iotInputs(host, roleAlias, thingName, naming.publicKeyOf(certificate));
  };
  return { source: new IotSource(settings, rules), inputs, region, mqtt };
}

/**
 * Settings for STS clients: a copy, since clients write to what they are given, to
 * credentials too. The logger is asked through a guard.
 */
export function stsClientConfig(options: Given): STSClientConfig {
  const given: STSClientConfig = { ...record(options, "stsClient") };
  const { credentials, logger } = given;
  return {
    ...given,
    ...(typeof credentials === "object" &&
      isPlain(credentials) && { credentials: { ...credentials } }),
    ...(isRecord(logger) && { logger: guardedLogger(logger) }),
  };
}

function readMfa(
  options: Given,
  assumeRole: AssumeRoleCommandInput,
  rules: Rules,
): MfaCodes | undefined {
  const { SerialNumber: serial, TokenCode: code } = assumeRole;
  const provider = options["mfaTokenProvider"];
  const given = provider !== undefined;
  const codes = given ? readProvider(provider, options, rules) : undefined;
  if (!given && options["mfaCommandOptions"] !== undefined) {
    const why = "must be given where there are mfaCommandOptions";
    throw wrong("mfaTokenProvider", why, provider);
  }
  if (given && code !== undefined) {
    throw wrong("assumeRole.TokenCode", "must be left out if there is an mfaTokenProvider", code);
  }
  if ((given || code !== undefined) && serial === undefined) {
    const why = "must be given if there is a TokenCode or an mfaTokenProvider";
    throw wrong("assumeRole.SerialNumber", why, serial);
  }
  if (!given && code === undefined && serial !== undefined) {
    throw wrong("mfaTokenProvider", "must be given if there is a SerialNumber", provider);
  }
  return codes ?? (code === undefined ? undefined : MfaCodes.once(code));
}

/** A function that gives codes, or a command that prints them. */
function readProvider(provider: unknown, options: Given, rules: Rules): MfaCodes {
  const settings = record(options, "mfaCommandOptions");
  if (typeof provider === "function") {
    if (Object.keys(settings).length === 0) {
      return new MfaCodes(provider as MfaTokenProvider, options["attended"] === true);
    }
    const words = "is for a command, and mfaTokenProvider is a function";
    throw wrong("mfaCommandOptions", words, settings);
  }
  if (typeof provider !== "string" && !Array.isArray(provider)) {
    const words = "must be a function, or a command as a string or an array of strings";
    throw wrong("mfaTokenProvider", words, provider);
  }
  const isAttended = options["attended"] === true;
  const command = readCommand(provider, settings, isAttended);
  return new MfaCodes((context) => runForCode(command, rules, context), isAttended);
}
