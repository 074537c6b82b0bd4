import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/job" },
});

const off = session.on("failure", ({ role, errorCode, awsErrorCode }) =>
  console.warn(role, errorCode, awsErrorCode),
);
// ...
off();
await session.client(S3Client).send(new ListBucketsCommand({}));
