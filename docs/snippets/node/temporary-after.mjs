import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/job", RoleSessionName: "job" },
  stsClient: { region: "us-east-1" },
});
const s3 = session.client(S3Client);
await s3.send(new ListBucketsCommand({}));
