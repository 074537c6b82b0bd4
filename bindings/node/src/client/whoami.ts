import type { STSClientConfig } from "@aws-sdk/client-sts";
import { EvercredsError } from "../errors.js";
import { peek } from "../common/guard.js";
import { limitReplies } from "../sources/limit.js";
import type { ClientPlugin } from "./plugin.js";
import { Secrets } from "../sources/redact.js";
import type { AwsCredentials } from "../sources/source.js";
import { loadSts, unreadableHere } from "../sources/sts.js";
import { transportFor } from "./transport.js";

/** Who credentials belong to, in the words of STS. */
export interface Identity {
  /** The account's twelve digits. */
  Account: string | undefined;
  /** Of the assumed role: "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION". */
  Arn: string | undefined;
  /** The role's own id, and the name of its session. */
  UserId: string | undefined;
}

/** Asks STS, signing with these very credentials, or with others where it rejects them. */
export async function whoAmI(
  config: STSClientConfig,
  session: { credentials: () => Promise<AwsCredentials>; plugin: ClientPlugin },
  signal: AbortSignal | undefined,
): Promise<Identity> {
  const { GetCallerIdentityCommand, STSClient } = await loadSts();
  const transport = transportFor(config.requestHandler, false);
  const { credentials } = session;
  const client = new STSClient({ ...config, ...transport.settings, credentials });
  client.middlewareStack.use(limitReplies);
  client.middlewareStack.use(session.plugin);
  const secrets = new Secrets();
  client.middlewareStack.add(
    (next) => (args) => {
      secrets.addSigner(args.request);
      return next(args);
    },
    { step: "deserialize", name: "evercredsSigner" },
  );
  try {
    const reply = (await client.send(
      new GetCallerIdentityCommand({}),
      signal && { abortSignal: signal },
    )) as Partial<Identity> | undefined;
    const { Account, Arn, UserId } = reply ?? {}; // a test's mock may have none
    return { Account, Arn, UserId };
  } catch (error) {
    const problem = unreadableHere(error);
    if (problem !== undefined) throw problem;
    secrets.takeOutOf(error);
    // the SDK keeps what it could not read, for good; who knows what there is in it
    if (peek(error, "$responseBodyText") !== undefined) {
      throw new EvercredsError("malformed", "the reply of GetCallerIdentity cannot be read");
    }
    throw error;
  } finally {
    transport.close();
  }
}
