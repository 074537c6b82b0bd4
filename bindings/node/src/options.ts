import type { AssumeRoleCommandInput, STSClientConfig } from "@aws-sdk/client-sts";
import type { SessionLogger } from "./host/log.js";
import type { MfaCommandOptions } from "./sources/command.js";
import type { CustomCredentialsMethod } from "./sources/custom.js";
import type { MfaTokenProvider } from "./sources/mfa.js";
import type { Pem } from "./sources/pem.js";
import type { Pkcs11Options } from "./sources/pkcs11.js";
import type { ShareKey } from "./share/keys.js";
import type { Store } from "./share/store.js";

/**
 * What every session takes, whatever its method. Times are in seconds. The constructor
 * throws {@link EvercredsValidationError} for a value that does not fit.
 */
export interface CommonOptions {
  /**
   * A preset for the options that are not given.
   *
   * - "classic" (default): windows of 900 and 600 s, stability "until-expiry", no jitter
   * - "adaptive": windows by the lifetime, with jitter
   * - "aws2026": the rules that AWS gave its SDKs in 2026: windows by the lifetime,
   *   stability "static", advisory refreshes "inline", `maxWait` 0
   */
  policy?: "classic" | "adaptive" | "aws2026" | undefined;
  /**
   * The advisory window: seconds before expiry from which the session refreshes early,
   * while callers keep using the held credentials. "auto": by the lifetime. Whole, with
   * 0 <= mandatoryTimeout <= advisoryTimeout < 43200. Default: 900.
   */
  advisoryTimeout?: number | "auto" | undefined;
  /**
   * The mandatory window: seconds before expiry from which callers wait for a refresh.
   * Whole. Default: 600; with `advisoryTimeout: "auto"`, 60.
   */
  mandatoryTimeout?: number | undefined;
  /**
   * True: the session fetches nothing before its first use. False: it fetches at once,
   * and refreshes without callers. Default: true.
   */
  deferRefresh?: boolean | undefined;
  /**
   * What callers get when a refresh fails that they waited for: the error ("strict"), or
   * the held credentials, until they expire ("until-expiry") or after that too
   * ("static"). Default: "until-expiry".
   */
  stability?: "strict" | "until-expiry" | "static" | undefined;
  /**
   * Who waits for an early refresh: nobody ("background"), or the caller that comes first
   * in the advisory window ("inline"). Default: "background"; "inline" on AWS Lambda,
   * which freezes background work.
   */
  advisoryRefresh?: "background" | "inline" | undefined;
  /** Seconds that a refresh may take: above 0, up to 43200. Default: 60; for custom 900. */
  refreshTimeout?: number | undefined;
  /**
   * Draws the start of each early refresh at random, so that sessions which started
   * together do not refresh together. Default: false; in "adaptive" true.
   */
  jitter?: boolean | undefined;
  /** Seconds after expiry for which "static" serves: 0 to 31536000. Default: no end. */
  maxStale?: number | undefined;
  /**
   * Seconds that a caller waits for the next attempt to begin, where there are no valid
   * credentials: 0 to 3600; 0 is the error at once. Default: 30; 0 in "aws2026", and on
   * AWS Lambda.
   */
  maxWait?: number | undefined;
  /**
   * A refresh prompts a person: it starts only when a caller needs it, and an MFA command
   * may use the terminal. Default: false.
   */
  attended?: boolean | undefined;
  /**
   * Is told what the session does: each method gets a text, and {@link EventFacts}, in which
   * nothing is secret. `console` is one. Default: none.
   */
  logger?: SessionLogger | undefined;
  /**
   * Shares refreshes with other processes that mean the same credentials: one of them
   * fetches, and the others take what it got. True: by a directory of this user's; or the
   * path of one; or a store of `evercreds/share`. Where the store fails, each fetches for
   * itself. Node only. Default: false.
   */
  share?: boolean | string | Store | undefined;
  /**
   * What seals the credentials in the store: 32 bytes; a list of such keys, of which the
   * first seals and all open; or a function that gives either. Who has it may use all
   * credentials of the group. Default, for a directory only: a key in the directory.
   */
  shareKey?: ShareKey | undefined;
  /**
   * The key, 32 bytes, that names what is shared, and seals nothing: it stays the same while
   * `shareKey` changes. Default: the last of `shareKey`.
   */
  shareNameKey?: Uint8Array | undefined;
  /**
   * Seconds, 1 to 30, for which a process has the turn to fetch. If it dies without a word,
   * another takes over after that; with a directory at once. Default: 5.
   */
  shareTurn?: number | undefined;
  /**
   * Seconds, 0 to 60, that a caller may wait for another process before its own fetches.
   * Default: 10.
   */
  shareWait?: number | undefined;
  /**
   * Settings of the STS client, for `whoami()` and, with the method "sts", for AssumeRole,
   * where its `credentials` are the base credentials. Default: the SDK's own settings.
   */
  stsClient?: STSClientConfig | undefined;
}

/** What AssumeRole takes; the rules are those of its page in the STS API Reference. */
export type AssumeRoleOptions = Omit<AssumeRoleCommandInput, "RoleArn" | "RoleSessionName"> & {
  /** The role: 20 to 2048 characters. */
  RoleArn: string;
  /** 2 to 64 letters, digits or _+=,.@-. Default: "evercreds". */
  RoleSessionName?: string | undefined;
};

/** Options of a session that assumes a role. */
export interface StsOptions extends CommonOptions {
  /** By AssumeRole. Default: this. */
  method?: "sts" | undefined;
  /** The call that each refresh makes. */
  assumeRole: AssumeRoleOptions;
  /**
   * Gives a one-time code for each refresh: a function, or a command that prints it
   * (Node only), as an array of a program and its arguments, or as a string, in which
   * blanks separate the words and quotes group them. No shell runs it. The code is the
   * last run of six digits. It needs `assumeRole.SerialNumber`. Default: none.
   */
  mfaTokenProvider?: MfaTokenProvider | string | readonly string[] | undefined;
  /** Settings of the command. Default: {}. */
  mfaCommandOptions?: MfaCommandOptions | undefined;
  /**
   * Names who calls AssumeRole: only processes with the same caller share. Default: the
   * access key of long-term keys; the session that the base credentials are of; else what
   * one GetCallerIdentity tells.
   */
  sharePrincipal?: string | undefined;
}

/** Options of a session with a source of the user's own. */
export interface CustomOptions extends CommonOptions {
  /** By a function. */
  method: "custom";
  /** Gives credentials for each refresh: any provider of the SDK, or your function. */
  customCredentialsMethod: CustomCredentialsMethod;
  /** Names what is shared, and is required for `share`: who gives the same shares it. */
  shareId?: string | undefined;
}

/** Options of a session that shows an X.509 certificate to AWS IoT. Node only. */
export interface IotOptions extends CommonOptions {
  /** By the IoT credentials provider. */
  method: "iot";
  /**
   * The account's credentials endpoint, `ID.credentials.iot.REGION.amazonaws.com`, which
   * `aws iot describe-endpoint --endpoint-type iot:CredentialProvider` prints; with
   * `:PORT` where it is not 443.
   */
  endpoint: string;
  /** The role alias: 1 to 128 letters, digits or _=,@- (the IoT API's own rule). */
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
   * The token that holds the key, in place of `privateKey`. Needs the package
   * aws-iot-device-sdk-v2. A wrong PIN is tried once, since tokens lock themselves after
   * a few.
   */
  pkcs11?: Pkcs11Options | undefined;
  /** Authorities that may sign the endpoint's certificate, as PEM. Default: Node's own. */
  ca?: Pem | undefined;
  /** Whether to verify the endpoint's certificate. `false` is for tests. Default: true. */
  verifyPeer?: boolean | undefined;
  /**
   * The thing that the certificate is attached to: 1 to 128 letters, digits or :_-
   * Default: not sent.
   */
  thingName?: string | undefined;
  /** Seconds for one request, including the connect: above 0, up to 3600. Default: 10. */
  timeout?: number | undefined;
  /**
   * The lifetime to ask for, in whole seconds from 900 to 43200. AWS does not
   * document that its provider heeds it: the role alias decides. Default: not sent.
   */
  durationSeconds?: number | undefined;
  /**
   * An address to connect to instead of the endpoint's own, for private links and tests.
   * The server must still show the endpoint's certificate. Default: the endpoint's
   * address; default `port`: the endpoint's.
   */
  connectTo?: { host: string; port?: number | undefined } | undefined;
}

/** Options of `new RefreshableSession(...)`: `method` tells them apart. */
export type SessionOptions = StsOptions | CustomOptions | IotOptions;

/** Where credentials come from. */
export type Method = "sts" | "custom" | "iot";
