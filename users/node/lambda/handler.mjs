import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

// one for each instance of the function, which serves many invocations
const session = new RefreshableSession({
  assumeRole: { RoleArn: process.env.ROLE_ARN },
  refreshTimeout: 5, // seconds; with maxWait less than the function's own time-out
  maxWait: 3,
});
const s3 = session.client(S3Client);

export async function handler() {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return Buckets.length;
}
