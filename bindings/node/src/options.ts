import type { AssumeRoleCommandInput, STSClientConfig } from "@aws-sdk/client-sts";
import type { MfaCommandOptions } from "./sources/command.js";
import type { CustomCredentialsMethod } from "./sources/custom.js";
import type { MfaTokenProvider } from "./sources/mfa.js";
import type { Pem } from "./sources/pem.js";
import type { Pkcs11Options } from "./sources/pkcs11.js";

/** What every session takes, whatever its method. */
export interface CommonOptions {
  /**
   * A preset for the options that are not given. Default: "classic", which is
   * 900 s / 600 s, strict, without jitter.
   */
  policy?: "classic" | "adaptive" | "aws2026" | undefined;
  /**
   * Seconds before expiry from which credentials are refreshed early, while
   * everybody goes on with what is held. "auto" picks them from the lifetime.
   * Default: 900. Whole, with 0 <= mandatoryTimeout <= advisoryTimeout < 43200.
   */
  advisoryTimeout?: number | "auto" | undefined;
  /**
   * Seconds before expiry from which callers wait for a refresh. Default: 600;
   * with `advisoryTimeout: "auto"`, 60.
   */
  mandatoryTimeout?: number | undefined;
  /**
   * True (default): nothing is fetched before the first use. False: the session
   * fetches at once, and keeps itself fresh with nobody asking.
   */
  deferRefresh?: boolean | undefined;
  /**
   * What callers get when a refresh fails that they had to wait for: the error
   * ("strict"), or the credentials that are held, until they expire
   * ("until_expiry", the default) or past that too ("static").
   */
  stability?: "strict" | "until_expiry" | "static" | undefined;
  /**
   * Whether the caller who meets the advisory window waits for its refresh
   * ("inline") or nobody does ("background", the default). On AWS Lambda, which
   * freezes background work, "inline" is the default.
   */
  advisoryRefresh?: "background" | "inline" | undefined;
  /** Seconds that a refresh may take, up to 43200. Default: 60, for custom 900. */
  refreshTimeout?: number | undefined;
  /** Draws each set's refresh point, against herds. Default: false in "classic". */
  jitter?: boolean | undefined;
  /** Seconds past expiry for which "static" serves on. Default: without end. */
  maxStale?: number | undefined;
  /**
   * Seconds, up to 3600, that a caller with nothing to be given waits for the next
   * attempt to begin, where it would get an error otherwise. Default: 30; 0, the error
   * at once, in "aws2026", and where "inline" is the default of AWS Lambda.
   */
  maxWait?: number | undefined;
  /**
   * A refresh prompts a person, who is then asked only when a caller needs it. An
   * MFA command has the terminal of the process then. Default: false.
   */
  attended?: boolean | undefined;
  /**
   * Settings of the STS client: for AssumeRole with method "sts", where its
   * `credentials` default to the SDK's own chain, and for `getIdentity()`.
   */
  stsClient?: STSClientConfig | undefined;
}

/** What AssumeRole takes; `RoleSessionName` defaults to "evercreds". */
export type AssumeRoleOptions = Omit<AssumeRoleCommandInput, "RoleArn" | "RoleSessionName"> & {
  RoleArn: string;
  RoleSessionName?: string | undefined;
};

/** Options of a session that assumes a role. */
export interface StsOptions extends CommonOptions {
  /** By AssumeRole; the default. */
  method?: "sts" | undefined;
  /** The call that each refresh makes. */
  assumeRole: AssumeRoleOptions;
  /**
   * Gives a one-time code for each refresh: a function, or a command that prints it
   * (Node only), as an array of a program and its arguments, or as a string of them,
   * in which blanks part words and quotes keep them together. There is no shell. The
   * code is the last six digits in a row. `assumeRole.SerialNumber` must be given.
   */
  mfaTokenProvider?: MfaTokenProvider | string | readonly string[] | undefined;
  /** What the function is called with, or the settings of the command. Default: {}. */
  mfaTokenProviderArgs?: Record<string, unknown> | MfaCommandOptions | undefined;
}

/**
 * Options of a session with a source of the user's own. Named with the type of its
 * arguments, `CustomOptions<{ path: string }>`, they are checked against each other.
 */
// without it, the function's own word for what it takes counts
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface CustomOptions<Args extends object = any> extends CommonOptions {
  /** By a function. */
  method: "custom";
  /** Gives a set of credentials for each refresh. */
  customCredentialsMethod: CustomCredentialsMethod<Args>;
  /** What `customCredentialsMethod` is called with. Default: {}. */
  customCredentialsMethodArgs?: Args | undefined;
}

/** Options of a session that shows an X.509 certificate to AWS IoT. Node only. */
export interface IotOptions extends CommonOptions {
  /** By the IoT credentials provider. */
  method: "iot";
  /**
   * `ID.credentials.iot.REGION.amazonaws.com`, what `aws iot describe-endpoint
   * --endpoint-type iot:CredentialProvider` tells; with `:PORT` if need be.
   */
  endpoint: string;
  /** The role alias: 1 to 128 letters, digits or _=,@- */
  roleAlias: string;
  /**
   * The client's certificate: PEM text, as a string or bytes, or the path of a
   * file, which is read again for each refresh.
   */
  certificate: Pem;
  /**
   * Its private key, in the same forms, not encrypted. Exactly one of this and
   * `pkcs11` is required.
   */
  privateKey?: Pem | undefined;
  /**
   * Where the key is in hardware. Needs the package aws-iot-device-sdk-v2. A wrong
   * PIN is tried but once, since tokens lock themselves after a few.
   */
  pkcs11?: Pkcs11Options | undefined;
  /** Who may vouch for the endpoint, in the same forms. Default: whom Node trusts. */
  ca?: Pem | undefined;
  /** Whether they have to. `false` is for tests. Default: true. */
  verifyPeer?: boolean | undefined;
  /** Sent where it is given; the certificate must be attached to that thing then. */
  thingName?: string | undefined;
  /** Seconds for one call, connecting included, up to 3600. Default: 10. */
  timeout?: number | undefined;
  /**
   * The lifetime to ask for, in whole seconds from 900 to 43200. AWS does not
   * document that its provider heeds it: the role alias decides. Default: not sent.
   */
  durationSeconds?: number | undefined;
  /**
   * The address to connect to instead of the endpoint's own, for private links and
   * tests. The server must be the endpoint all the same. Default port: the endpoint's.
   */
  connectTo?: { host: string; port?: number | undefined } | undefined;
}

/** Options of `new RefreshableSession(...)`. */
export type SessionOptions = StsOptions | CustomOptions | IotOptions;

/** Where credentials come from. */
export type Method = "sts" | "custom" | "iot";
