import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  STSClient,
  STSClientConfig,
} from "@aws-sdk/client-sts";
import { systemClock } from "../common/clock.js";
import { EvercredsError } from "../errors.js";
import { loadProblem } from "../common/peer.js";
import * as abi from "../library/abi-generated.js";
import { isA, nameOf, peek } from "../common/guard.js";
import { header, serverTime } from "../common/http.js";
import { limitReplies } from "./limit.js";
import type { MfaCodes } from "./mfa.js";
import type { Method } from "../options.js";
import type { ClientPlugin } from "../client/plugin.js";
import { Secrets } from "./redact.js";
import type { Rules } from "../library/rules.js";
import type { Attempt, Names, Reply, Source } from "./source.js";
import { isAccountId, malformed, requireInstant, requireKey } from "./source.js";
import { shownName, SourceFailure } from "./source.js";
import { type Transport, transportFor } from "../client/transport.js";

/** The peer; written out where it is loaded, as bundlers read that. */
const PEER = "@aws-sdk/client-sts";

type StsModule = typeof import("@aws-sdk/client-sts");

/** Time that a parent session's credentials must have left for a child's call. */
const PARENT_MIN_TTL_SECONDS = 60;

/** A session whose credentials are the base of another's: roles are chained. */
export interface Parent {
  readonly method: Method;
  /** Has it fetch others where what is held has too little time left. */
  readonly credentialsFor: (need: { minTtl: number; signal: AbortSignal }) => Promise<unknown>;
  /** Tells it where STS rejects what it gave. */
  readonly plugin: ClientPlugin;
  /** What names its group; undefined: it does not share. */
  readonly storeKey: ((signal: AbortSignal) => Promise<string>) | undefined;
}

/** Loads the peer dependency at its first use, with a clear error without it. */
export async function loadSts(
  load: () => Promise<StsModule> = () => import("@aws-sdk/client-sts"),
): Promise<StsModule> {
  try {
    return await load();
  } catch (cause) {
    throw new EvercredsError("configuration", `STS ${loadProblem(PEER, cause)}`, {
      class: "permanent",
      cause,
    });
  }
}

/**
 * Tells what to write where the SDK could read no reply, since its bundle reads XML as pages
 * do, in a runtime that does not, as workers are. undefined: it was something else.
 */
export function unreadableHere(error: unknown): EvercredsError | undefined {
  const isPage = "DOMParser" in globalThis && "Node" in globalThis;
  if (isPage || nameOf(error) !== "ReferenceError") return undefined;
  if (peek(error, "$response") === undefined) return undefined; // no reply was being read
  return new EvercredsError("configuration", NO_DOM, { class: "permanent" });
}

const NO_DOM =
  "this runtime has no DOMParser, by which the SDK in this bundle reads the replies of STS; have " +
  'the bundler take its other reader, in esbuild and Wrangler by an alias: "@aws-sdk/xml-builder": ' +
  '"@aws-sdk/xml-builder/dist-cjs/index.js"';

/** Settings of {@link StsSource}. */
interface StsSettings {
  assumeRole: AssumeRoleCommandInput;
  client: STSClientConfig;
  mfa: MfaCodes | undefined;
  /** Set where the base credentials are another session's. */
  parent: Parent | undefined;
  rules: Rules;
}

/** AssumeRole, through the SDK's own client and its credential chain. */
export class StsSource implements Source {
  readonly #settings: StsSettings;
  readonly #transport: Transport;
  #client: Promise<STSClient> | undefined;
  /** There have been base credentials: where they are gone, they may come back. */
  #hasSigned = false;

  constructor(settings: StsSettings) {
    this.#settings = settings;
    this.#transport = transportFor(settings.client.requestHandler, true);
  }

  get names(): Names {
    const { RoleSessionName, RoleArn } = this.#settings.assumeRole;
    return {
      method: abi.Method.STS,
      sessionName: shownName(RoleSessionName),
      role: shownName(RoleArn),
    };
  }

  async fetch(attempt: Attempt): Promise<Reply> {
    const { AssumeRoleCommand } = await loadSts();
    const { assumeRole, mfa, parent } = this.#settings;
    const client = await this.#theClient();
    await requireRegion(client);
    await parent?.credentialsFor({ minTtl: PARENT_MIN_TTL_SECONDS, signal: attempt.signal });
    const code = await mfa?.next(attempt, assumeRole.SerialNumber ?? "");
    const command = new AssumeRoleCommand(
      code === undefined ? assumeRole : { ...assumeRole, TokenCode: code },
    );
    const secrets = new Secrets();
    secrets.add(code, assumeRole.TokenCode, assumeRole.ExternalId);
    let serverTimeMs = 0;
    command.middlewareStack.add(
      (next) => async (args) => {
        secrets.addSigner(args.request);
        this.#hasSigned = true;
        const result = await next(args);
        serverTimeMs = serverTime(header(result.response, "date"));
        return result;
      },
      { step: "deserialize", name: "evercredsServerTime" },
    );
    const output = await client
      .send(command, { abortSignal: attempt.signal })
      .catch((error: unknown) => {
        const failure = unreadableHere(error) ?? this.#unreadable(error) ?? this.#unsigned(error);
        if (failure === undefined) secrets.takeOutOf(error);
        throw failure ?? error;
      });
    return read(output, (assumeRole.DurationSeconds ?? 0) * 1000, serverTimeMs);
  }

  close(): void {
    this.#transport.close();
  }

  /**
   * The failure for a reply that is no answer of AWS's; undefined: it is one, or none
   * came. The SDK's error holds the reply's text, secrets and all, whatever its status,
   * so it must not become a cause.
   */
  #unreadable(error: unknown): SourceFailure | undefined {
    const response = peek(error, "$response");
    const status = peek(response, "statusCode");
    if (typeof status !== "number" || isA(error, SourceFailure)) return undefined;
    if (status >= 200 && status < 300) return malformed("the reply of AssumeRole cannot be read");
    if (typeof peek(error, "$fault") === "string") return undefined;
    const { rules } = this.#settings;
    return new SourceFailure(`STS answered ${status} without an error code`, {
      status,
      class: rules.classOf(abi.Method.STS, status, ""),
      retryAfterMs: rules.retryAfter((name) => header(response, name), systemClock.wall()),
    });
  }

  /** The failure where the SDK's chain never found base credentials; undefined: it is another. */
  #unsigned(cause: unknown): SourceFailure | undefined {
    const { client, rules } = this.#settings;
    if (this.#hasSigned || client.credentials !== undefined) return undefined;
    if (nameOf(cause) !== "CredentialsProviderError") return undefined;
    return new SourceFailure("no base credentials were found", {
      class: rules.classOf(abi.Method.STS, 0, "NoCredentials"),
      cause,
    });
  }

  #theClient(): Promise<STSClient> {
    this.#client ??= loadSts().then(({ STSClient }) => {
      const { client: config, parent } = this.#settings;
      const client = new STSClient({ ...config, ...this.#transport.settings });
      client.middlewareStack.use(limitReplies);
      if (parent !== undefined) client.middlewareStack.use(parent.plugin);
      return client;
    });
    return this.#client;
  }
}

/** Throws what no waiting mends where there is no region to call STS in. */
async function requireRegion(client: STSClient): Promise<void> {
  await client.config.region().catch((cause: unknown) => {
    throw new SourceFailure("stsClient has no region", {
      class: "permanent",
      trouble: "no-region",
      cause,
    });
  });
}

/** @param given undefined where a test's mock of the client has no reply for the call */
function read(
  given: AssumeRoleCommandOutput | undefined,
  durationMs: number,
  serverTimeMs: number,
): Reply {
  const { Credentials: set, AssumedRoleUser: user } = given ?? ({} as AssumeRoleCommandOutput);
  const expiryMs = set?.Expiration?.getTime() ?? Number.NaN;
  if (set === undefined || Number.isNaN(expiryMs)) {
    throw malformed("the reply of AssumeRole has no credentials with a readable expiration");
  }
  const accountId = user?.Arn?.split(":")[4];
  return {
    credentials: {
      accessKeyId: requireKey(set.AccessKeyId, "AccessKeyId"),
      secretAccessKey: requireKey(set.SecretAccessKey, "SecretAccessKey"),
      sessionToken: requireKey(set.SessionToken, "SessionToken"),
      ...(isAccountId(accountId) && { accountId }),
    },
    expiryMs: requireInstant(expiryMs, "Expiration"),
    durationMs,
    serverTimeMs,
  };
}
