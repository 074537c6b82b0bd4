// A server that plays AWS: moto's, LocalStack, or evercreds' own stand-in. Its address is
// in AWS_ENDPOINT_URL, and base credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { expect, it } from "vitest";

it("signs with other keys after a refresh", async () => {
  const session = new RefreshableSession({
    assumeRole: { RoleArn: process.env.ROLE_ARN ?? "arn:aws:iam::123456789012:role/app" },
    stsClient: { region: "us-east-1" },
  });
  const s3 = session.client(S3Client, { region: "us-east-1", forcePathStyle: true });
  await s3.send(new ListBucketsCommand({}));
  const before = (await session.credentials()).accessKeyId;
  await session.refresh();
  await s3.send(new ListBucketsCommand({}));
  expect((await session.credentials()).accessKeyId).not.toBe(before);
  session.close();
});
