import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  STSClient,
  STSClientConfig,
} from "@aws-sdk/client-sts";
import { EvercredsError } from "./errors.js";
import { peek } from "./guard.js";
import { header, serverTime } from "./http.js";
import type { MfaCodes } from "./mfa.js";
import type { Method } from "./options.js";
import type { ClientPlugin } from "./plugin.js";
import type { Attempt, Reply, Source } from "./source.js";
import { malformed, requireText } from "./source.js";
import { type Transport, transportFor } from "./transport.js";

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
}

/** Loads the peer dependency at its first use, with a clear error without it. */
export async function loadSts(
  load: () => Promise<StsModule> = () => import("@aws-sdk/client-sts"),
): Promise<StsModule> {
  try {
    return await load();
  } catch (cause) {
    throw new EvercredsError(
      "configuration",
      "the package @aws-sdk/client-sts cannot be loaded; install it beside evercreds: " +
        "npm install @aws-sdk/client-sts",
      { class: "permanent", cause },
    );
  }
}

/** Settings of {@link StsSource}. */
export interface StsSettings {
  assumeRole: AssumeRoleCommandInput;
  client: STSClientConfig;
  mfa: MfaCodes | undefined;
  /** Set where the base credentials are another session's. */
  parent: Parent | undefined;
}

/** AssumeRole, through the SDK's own client and its credential chain. */
export class StsSource implements Source {
  readonly #settings: StsSettings;
  readonly #transport: Transport;
  #client: Promise<STSClient> | undefined;

  constructor(settings: StsSettings) {
    this.#settings = settings;
    this.#transport = transportFor(settings.client.requestHandler, true);
  }

  async fetch(attempt: Attempt): Promise<Reply> {
    const { AssumeRoleCommand } = await loadSts();
    const { assumeRole, mfa, parent } = this.#settings;
    const client = await this.#theClient();
    await parent?.credentialsFor({ minTtl: PARENT_MIN_TTL_SECONDS, signal: attempt.signal });
    const code = await mfa?.next(attempt);
    const command = new AssumeRoleCommand(
      code === undefined ? assumeRole : { ...assumeRole, TokenCode: code },
    );
    let serverTimeMs = 0;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        serverTimeMs = serverTime(header(result.response, "date"));
        return result;
      },
      { step: "deserialize", name: "evercredsServerTime" },
    );
    const output = await client
      .send(command, { abortSignal: attempt.signal })
      .catch((error: unknown) => {
        throw isUnreadable(error) ? malformed("the reply of AssumeRole cannot be read") : error;
      });
    return read(output, (assumeRole.DurationSeconds ?? 0) * 1000, serverTimeMs);
  }

  close(): void {
    this.#transport.close();
  }

  #theClient(): Promise<STSClient> {
    this.#client ??= loadSts().then(({ STSClient }) => {
      const { client: config, parent } = this.#settings;
      const client = new STSClient({ ...config, ...this.#transport.settings });
      if (parent !== undefined) client.middlewareStack.use(parent.plugin);
      return client;
    });
    return this.#client;
  }
}

/**
 * Whether a call failed over a reply of success. The SDK's error then holds the
 * reply's text, secrets and all, so it must not become a cause.
 */
function isUnreadable(error: unknown): boolean {
  const status = peek(peek(error, "$response"), "statusCode");
  return typeof status === "number" && status >= 200 && status < 300;
}

function read(output: AssumeRoleCommandOutput, durationMs: number, serverTimeMs: number): Reply {
  const { Credentials: set, AssumedRoleUser: user } = output;
  const expiryMs = set?.Expiration?.getTime() ?? Number.NaN;
  if (set === undefined || Number.isNaN(expiryMs)) {
    throw malformed("the reply of AssumeRole has no credentials with a readable expiration");
  }
  const accountId = user?.Arn?.split(":")[4];
  return {
    credentials: {
      accessKeyId: requireText(set.AccessKeyId, "AccessKeyId"),
      secretAccessKey: requireText(set.SecretAccessKey, "SecretAccessKey"),
      sessionToken: requireText(set.SessionToken, "SessionToken"),
      ...(accountId !== undefined && accountId !== "" && { accountId }),
    },
    expiryMs,
    durationMs,
    serverTimeMs,
  };
}
