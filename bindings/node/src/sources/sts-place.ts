import type { STSClient, STSClientConfig } from "@aws-sdk/client-sts";
import { peek } from "../common/guard.js";
import { Recent } from "../host/recent.js";
import type { StsPlace } from "../share/inputs.js";
import { limitReplies } from "./limit.js";
import { Secrets } from "./redact.js";
import type { Naming } from "./group-inputs.js";
import { loadSts, type Parent } from "./sts.js";
import { transportFor } from "../client/transport.js";

/** Of how many base credentials it is kept whose they are. */
const CALLERS_KEPT = 64;

/** Whose base credentials are, by endpoint and access key: asked once in a process. */
const callers = new Recent<string, Promise<string>>(CALLERS_KEPT);

/** What tells where and as whom a session calls AssumeRole. */
interface PlaceSettings {
  readonly client: STSClientConfig;
  readonly parent: Parent | undefined;
  /** What the user calls the caller; undefined: the base credentials tell. */
  readonly principal: string | undefined;
}

/** Tells where and as whom AssumeRole is called. It may ask STS who the caller is. */
export async function stsPlace(
  { client: config, parent, principal }: PlaceSettings,
  naming: Naming,
  signal: AbortSignal,
): Promise<StsPlace> {
  const { STSClient } = await loadSts();
  const transport = transportFor(config.requestHandler, true);
  const client = new STSClient({ ...config, ...transport.settings });
  client.middlewareStack.use(limitReplies);
  try {
    const [endpoint, region] = [await endpointFor(config), await client.config.region()];
    const named =
      principal === undefined
        ? await callerOf(client, endpoint, parent, naming, signal)
        : `given:${principal}`;
    return { endpoint, region, principal: named };
  } finally {
    transport.close();
  }
}

/**
 * The URL that the client would call: it makes a request, which is not sent. It must not
 * ask for base credentials, since a follower needs none.
 */
async function endpointFor(config: STSClientConfig): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await loadSts();
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  const client = new STSClient({ ...config, credentials });
  const command = new GetCallerIdentityCommand({});
  let url = "";
  command.middlewareStack.add(
    () => (args) => {
      const { protocol, hostname, port, path } = args.request as Record<string, string>;
      url = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
      return Promise.reject(new Error("only its address was wanted"));
    },
    { step: "build", name: "evercredsEndpoint" },
  );
  await client.send(command).catch((error: unknown) => {
    if (url === "") throw error;
  });
  return url;
}

async function callerOf(
  client: STSClient,
  endpoint: string,
  parent: Parent | undefined,
  naming: Naming,
  signal: AbortSignal,
): Promise<string> {
  if (parent?.storeKey !== undefined) return `parent:${await parent.storeKey(signal)}`;
  const { accessKeyId, sessionToken } = await client.config.credentials();
  if (!sessionToken) return `key:${accessKeyId}`;
  const name = `${endpoint} ${accessKeyId}`;
  const asked = callers.get(name) ?? askWho(client, signal);
  callers.set(name, asked);
  try {
    return naming.callerPrincipal(await asked);
  } catch (error) {
    if (callers.get(name) === asked) callers.delete(name);
    throw error;
  }
}

async function askWho(client: STSClient, signal: AbortSignal): Promise<string> {
  const { GetCallerIdentityCommand } = await loadSts();
  const command = new GetCallerIdentityCommand({});
  const secrets = new Secrets();
  command.middlewareStack.add(
    (next) => (args) => {
      secrets.addSigner(args.request);
      return next(args);
    },
    { step: "deserialize", name: "evercredsSigner" },
  );
  try {
    const { Arn } = await client.send(command, { abortSignal: signal });
    if (typeof Arn === "string" && Arn !== "") return Arn;
  } catch (error) {
    secrets.takeOutOf(error);
    if (peek(error, "$responseBodyText") === undefined) throw error;
  }
  throw new Error("STS does not tell who calls");
}
