import {
  type CacheChoice,
  ClientCache,
  type ClientConfig,
  readClient,
  type SdkClientClass,
  checkMade,
} from "./client/cache/clients.js";
import { type Clock, systemClock } from "./common/clock.js";
import { EvercredsError } from "./errors.js";
import { Events, type SessionEvents } from "./host/events.js";
import { FailureReader } from "./host/failures.js";
import { Host } from "./host/host.js";
import { type Log, logTo } from "./host/log.js";
import { closedError } from "./host/reasons.js";
import type { Status } from "./host/status.js";
import { isA, nameOf } from "./common/guard.js";
import { type Identity, whoAmI } from "./client/whoami.js";
import { type CallOptions, checkRejected, type CredentialNeeds } from "./needs.js";
import { readNeeds, readOther } from "./needs.js";
import * as abi from "./library/abi-generated.js";
import { Machine, OptionRefused } from "./library/machine.js";
import type { MqttClient } from "./mqtt/client.js";
import type { MqttClients } from "./mqtt/clients.js";
import type { MqttOptions } from "./mqtt/options.js";
import { refuseOwnCache } from "./client/old-sdk.js";
import { type Given, wrong } from "./common/check.js";
import { shared } from "./common/shared.js";
import { givenFor, machineOptions, optionError, readMethod } from "./read-options.js";
import type { SessionOptions } from "./options.js";
import { readShare } from "./share-options.js";
import { type ClientPlugin, rejectionPlugin } from "./client/plugin.js";
import { Rules } from "./library/rules.js";
import { type Runtime, theRuntime } from "./library/runtime.js";
import type { AwsCredentials } from "./sources/source.js";
import { sourceOf, stsClientConfig } from "./sources/sources.js";
import type { Parent } from "./sources/sts.js";

/**
 * A provider of credentials for any client of the SDK, which asks it at every request.
 * By its marks `memoized`, `configBound` and `attributed` the SDK knows that it must
 * neither cache nor wrap it.
 */
export interface CredentialProvider {
  /**
   * Gives the credentials; with `forceRefresh`, as {@link RefreshableSession.refresh}
   * does; with `otherThan`, as {@link RefreshableSession.credentialsFor} does.
   */
  (options?: ProviderOptions): Promise<AwsCredentials>;
  /** The SDK caches nothing over it. */
  memoized: true;
  /** It needs nothing of a client's configuration. */
  configBound: true;
  /** The SDK adds nothing to what it gives. */
  attributed: true;
}

/** What a {@link CredentialProvider} takes. */
export interface ProviderOptions {
  /** Refresh now, whatever is held. Default: false. */
  forceRefresh?: boolean | undefined;
  /** A set that a service refused, in place of which another is needed. */
  otherThan?: Pick<AwsCredentials, "accessKeyId" | "sessionToken"> | undefined;
}

/** What tests bring of their own. */
interface Surroundings {
  runtime?: Runtime;
  clock?: Clock;
}

let forTests: Surroundings = {};

/** @internal Sessions made by `make` get this clock and this runtime. */
export function withSurroundings<T>(surroundings: Surroundings, make: () => T): T {
  forTests = surroundings;
  try {
    return make();
  } finally {
    forTests = {};
  }
}

/** Counts the sessions of the process, for those who watch it. */
const counter = shared("session numbers 1", () => ({ last: 0 }));

/** The sessions behind providers, for those whose base is another session. */
const parents = shared("sessions 1", () => new WeakMap<object, Parent>());

/**
 * AWS temporary credentials that are always fresh.
 *
 * ```ts
 * const session = new RefreshableSession({ assumeRole: { RoleArn: "arn:aws:iam::..." } });
 * const s3 = new S3Client({ credentials: session.credentials });
 * ```
 */
export class RefreshableSession {
  /**
   * Goes into any client of the SDK: `new S3Client({ credentials: session.credentials })`.
   * Each of its calls gives credentials that are fit for use, and waits for a
   * refresh only where nothing fit is held.
   */
  readonly credentials: CredentialProvider;

  /**
   * Goes into a client that signs with {@link RefreshableSession.credentials}:
   * `client.middlewareStack.use(session.plugin)`. When a service refuses a set
   * (ExpiredToken and its kin, or HEAD with a bare 400), the call gets another, and is
   * signed and sent once more, unless its body is a stream. All others go on with the
   * set that they have.
   */
  readonly plugin: ClientPlugin;

  /** The clients that {@link RefreshableSession.client} made. */
  readonly cache: ClientCache;

  readonly #host: Host;
  readonly #stsClient: ReturnType<typeof stsClientConfig>;
  readonly #mqtt: MqttClients | undefined;

  /**
   * Checks the options; with `deferRefresh: false` it also starts to fetch.
   *
   * @param options of one method: {@link StsOptions} (the default), {@link CustomOptions}
   *   or {@link IotOptions}
   * @throws EvercredsValidationError naming the parameter and what was expected
   * @throws EvercredsError with the code "configuration" where `evercreds.wasm` cannot be
   *   read; see {@link initialize}
   */
  constructor(options: SessionOptions) {
    const { runtime = theRuntime(), clock = systemClock } = forTests;
    const { method, options: given } = readMethod(options);
    const numbers = machineOptions(method, given);
    const rules = new Rules(runtime);
    const { source, mqtt, inputs, codes, ...found } = sourceOf(method, given, rules, (provider) =>
      parents.get(Object(provider) as object),
    );
    this.#stsClient = { ...found, ...stsClientConfig(given) };
    const log = readLogger(given);
    const events = new Events({ session: ++counter.last, method }, source.names, log);
    const failures = new FailureReader(numbers[0]?.[1] ?? 0, rules);
    const shared = readShare(method, given, codes !== undefined, inputs);
    const group = shared?.group;
    if (shared !== undefined) numbers.push(...shared.numbers);
    if (codes !== undefined && group !== undefined) {
      codes.mark = (serial, code, signal) => group.mark(serial, code, signal);
    }
    const host = new Host(clock, source, failures, events, group);
    try {
      host.open(new Machine(runtime, clock, host, numbers));
    } catch (error) {
      if (!(error instanceof OptionRefused)) throw error;
      throw optionError(error.option, givenFor(error.option, given));
    }
    if (shared?.warning !== undefined) host.warn(shared.warning);
    this.#host = host;
    this.#mqtt = mqtt;
    this.credentials = providerFor(host);
    this.plugin = rejectionPlugin({
      evidence: (code, status, isHead) => rules.evidence(code, status, isHead),
      knows: (signer) => host.knows(signer),
      presigned: warnOnce(host),
      another: (refused, signal) => host.credentialsFor({ minTtlMs: 0, refused, signal }),
    });
    this.cache = new ClientCache();
    const { plugin } = this;
    parents.set(this.credentials, {
      method,
      plugin,
      credentialsFor: (need) => this.credentialsFor(need),
      storeKey: group && ((signal) => group.storeKey(signal)),
    });
  }

  /**
   * Credentials with at least `minTtl` seconds left, or others than a service refused.
   *
   * @param needs what this caller needs of them. Default: any that are valid
   * @throws EvercredsError with the code "min-ttl" where even new ones have less left,
   *   "rejected" where there are no other ones yet, else why there are no credentials
   * @throws EvercredsValidationError naming the parameter and what was expected
   * @throws the signal's own reason once it is aborted
   */
  async credentialsFor(needs: CredentialNeeds = {}): Promise<AwsCredentials> {
    const { minTtl, refused, signal } = readNeeds(needs, ["minTtl", "otherThan", "signal"]);
    return this.#host.credentialsFor({ minTtlMs: Math.ceil(minTtl * 1000), refused, signal });
  }

  /**
   * Refreshes now, whatever is held, or joins the refresh under way.
   *
   * @param options `signal` frees this caller, with the signal's reason
   * @throws EvercredsError where the refresh fails. Only this caller gets it: the held
   *   credentials stay in use
   */
  async refresh(options: CallOptions = {}): Promise<AwsCredentials> {
    return this.#host.refresh(readNeeds(options, ["signal"]).signal);
  }

  /**
   * Gives credentials up for all callers of the session: the next one gets others. The
   * session's clients, and those with its plug-in, report by themselves, each for itself.
   *
   * @param rejected the credentials; ignored unless they are the ones held.
   *   Default: those that are held
   * @throws EvercredsValidationError for what cannot be credentials
   */
  invalidate(rejected?: Pick<AwsCredentials, "accessKeyId" | "sessionToken">): void {
    checkRejected(rejected);
    this.#host.invalidate(rejected);
  }

  /**
   * A client of the SDK that signs with this session's credentials, with
   * {@link RefreshableSession.plugin} in it. Equal settings get the same client: it is made once, and
   * kept in one of the session's two caches.
   *
   * ```ts
   * const s3 = session.client(S3Client, { region: "eu-west-1" });
   * ```
   *
   * @param config what the class takes, without `credentials`. Functions and
   *   objects of classes are equal to themselves only
   * @throws EvercredsValidationError naming the parameter and what was expected;
   *   EvercredsError with code "configuration" where the client is of an SDK before
   *   3.800.0, which keeps credentials itself
   */
  client<Client extends SdkClientClass>(
    Client: Client,
    config: ClientConfig<Client> = {} as ClientConfig<Client>,
    options: CacheChoice = {},
  ): InstanceType<Client> {
    if (this.#host.isClosed) throw closedError();
    const settings = readClient(Client, config);
    return this.cache.getOrMake(Client, settings, options, () => {
      const client = new Client({ ...settings, credentials: this.credentials });
      checkMade(Client, client);
      refuseOwnCache(client, Client.name);
      client.middlewareStack.use(this.plugin);
      return client as InstanceType<Client>;
    });
  }

  /**
   * A client for AWS IoT's message broker, over MQTT 5; only for method "iot". Its
   * `start()` connects it, and it stays connected until its `stop()`; then `close()`
   * gives back what it holds, which `close()` of the session does not.
   *
   * ```ts
   * const client = session.mqtt({ endpoint: "ID-ats.iot.REGION.amazonaws.com", clientId: "me" });
   * client.on("messageReceived", ({ message }) => console.log(message.topicName));
   * client.start();
   * ```
   *
   * Needs the package aws-iot-device-sdk-v2, whose `mqtt5.Mqtt5Client` it is.
   *
   * @throws EvercredsValidationError naming the parameter and what was expected;
   *   EvercredsError with code "configuration" where the package is missing, or
   *   certificate, key and token cannot be used
   */
  mqtt(options: MqttOptions): MqttClient {
    if (this.#host.isClosed) throw closedError();
    if (this.#mqtt === undefined) throw wrong("method", 'must be "iot" for mqtt()', undefined);
    return this.#mqtt.make(options, {
      credentials: () => this.credentials(),
      failed: (error) => {
        this.#host.events.tell("warning", () => ({ message: unsigned(error) }));
      },
      warn: (message) => {
        this.#host.events.tell("warning", () => ({ message }));
      },
    });
  }

  /** The session's state as of now: its phase, times in seconds, and counters. */
  status(): Status {
    return this.#host.status();
  }

  /**
   * Calls the listener whenever the event happens, from then on.
   *
   * ```ts
   * session.on("failure", ({ error, waited }) => log.warn({ code: error.code, waited }));
   * ```
   *
   * @param listener called soon after, not at once; it may use the session
   * @returns a function that takes the listener out again
   * @throws EvercredsValidationError for an event that does not exist
   */
  on<K extends keyof SessionEvents>(
    event: K,
    listener: (event: SessionEvents[K]) => void,
  ): () => void {
    return this.#host.events.on(event, listener);
  }

  /**
   * Whom the session's credentials belong to, as STS tells: the assumed role. The call
   * is GetCallerIdentity, with the settings `stsClient`.
   *
   * @param options `signal` frees this caller, with the signal's reason
   * @returns the account, the ARN and the id; each undefined where STS does not tell it
   * @throws EvercredsError where there are no credentials to be had; with the code
   *   "configuration" where the package `@aws-sdk/client-sts` is missing
   * @throws the SDK's own error where the call fails
   */
  async whoami(options: CallOptions = {}): Promise<Identity> {
    const { signal } = readNeeds(options, ["signal"]);
    // what keeps us from having any is the error to tell
    await this.#host.credentialsFor({ minTtlMs: 0, signal });
    return whoAmI(this.#stsClient, this, signal);
  }

  /**
   * Ends the session, at once: there is nothing to wait for. Waiting callers, and all
   * later ones, get an error with the code "closed". An attempt under way is aborted.
   * The session's clients are forgotten; destroy those that you hold. Closing it again
   * does nothing.
   */
  close(): void {
    this.#host.close();
    this.cache.clear();
  }

  /** `using session = new RefreshableSession(...)` closes it at the end of the block. */
  declare readonly [Symbol.dispose]: () => void;

  static {
    // where the engine has no such symbol, by the one that compilers put in its place
    const { dispose = Symbol.for("Symbol.dispose") } = Symbol as { dispose?: symbol };
    Object.defineProperty(this.prototype, dispose, {
      value(this: RefreshableSession) {
        this.close();
      },
    });
  }
}

function unsigned(error: unknown): string {
  const code = isA(error, EvercredsError) ? error.code : nameOf(error);
  return `a handshake of MQTT over WebSockets could not be signed (${code})`;
}

/** Has a session tell once of a URL that is to last longer than the set that signed it. */
function warnOnce(host: Host): (accessKeyId: string, untilMs: number) => void {
  let isTold = false;
  return (accessKeyId, untilMs) => {
    const expiryMs = host.expiryOf(accessKeyId);
    // the date in a URL has whole seconds
    if (isTold || expiryMs === undefined || untilMs - 1000 <= expiryMs) return;
    isTold = true;
    host.warn(abi.PRESIGNED);
  };
}

/** What the option `logger` is called with; undefined: there is none. */
function readLogger(given: Given): Log | undefined {
  const { logger } = given;
  if (logger === undefined) return undefined;
  if (typeof logger === "object" && logger !== null) return logTo(logger);
  throw wrong("logger", "must be an object with methods such as warn", logger);
}

/** Rejects with what is wrong with the set, as all calls do that give a promise. */
async function other(host: Host, otherThan: unknown): Promise<AwsCredentials> {
  return host.credentialsFor({ minTtlMs: 0, refused: readOther(otherThan) });
}

function providerFor(host: Host): CredentialProvider {
  const provide = (options?: ProviderOptions): Promise<AwsCredentials> => {
    if (options === undefined) return host.credentials();
    const { forceRefresh, otherThan } = options;
    if (forceRefresh === true) return host.refresh(undefined);
    return otherThan === undefined ? host.credentials() : other(host, otherThan);
  };
  return Object.assign(provide, {
    memoized: true,
    configBound: true,
    attributed: true,
  } as const);
}
