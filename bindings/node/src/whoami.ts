import type { STSClientConfig } from "@aws-sdk/client-sts";
import type { ClientPlugin } from "./plugin.js";
import type { AwsCredentials } from "./source.js";
import { loadSts } from "./sts.js";

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
  const client = new STSClient({ ...config, credentials: session.credentials });
  client.middlewareStack.use(session.plugin);
  try {
    const { Account, Arn, UserId } = await client.send(
      new GetCallerIdentityCommand({}),
      signal && { abortSignal: signal },
    );
    return { Account, Arn, UserId };
  } finally {
    client.destroy();
  }
}
