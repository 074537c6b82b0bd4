import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  assumeRole: {
    RoleArn: "arn:aws:iam::123456789012:role/admin",
    SerialNumber: "arn:aws:iam::123456789012:mfa/me",
  },
  mfaTokenProvider: ["ykman", "oath", "accounts", "code", "--single", "aws"],
});
await session.client(S3Client).send(new ListBucketsCommand({}));
