import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession, type StsOptions } from "../../src/index.js";
import type { StandIn } from "./stand-in.js";

let roles = 0;

/**
 * A session on the stand-in, with a role of its own unless `options` name one, and a
 * client that signs with its credentials, without the plug-in and without retries.
 */
export function assumed(standIn: StandIn, options: Partial<StsOptions> = {}) {
  const role = options.assumeRole?.RoleArn ?? standIn.role(`node-${++roles}`);
  const session = new RefreshableSession({
    stsClient: standIn.client,
    ...options,
    assumeRole: { ...options.assumeRole, RoleArn: role },
  });
  const s3 = new S3Client({ ...standIn.s3, credentials: session.credentials });
  const call = () => s3.send(new ListBucketsCommand({}));
  const revoke = async () => standIn.revoke((await session.credentials()).accessKeyId);
  const asked = () => standIn.asked(role);
  const done = () => {
    s3.destroy();
    session.close();
  };
  return { role, session, s3, call, revoke, asked, done };
}
