import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const s3 = new S3Client({
  credentials: fromTemporaryCredentials({
    params: { RoleArn: "arn:aws:iam::123456789012:role/job", RoleSessionName: "job" },
    clientConfig: { region: "us-east-1" },
  }),
});
await s3.send(new ListBucketsCommand({}));
