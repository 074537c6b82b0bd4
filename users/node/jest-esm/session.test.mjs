import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const { ROLE_ARN: RoleArn, SIGNED } = process.env;

test("a session's calls are signed with one set after the other", async () => {
  const session = new RefreshableSession({ assumeRole: { RoleArn } });
  const s3 = session.client(S3Client);
  await s3.send(new ListBucketsCommand({}));
  await session.refresh();
  await s3.send(new ListBucketsCommand({}));
  expect((await session.whoami()).Arn).toContain(":assumed-role/");
  expect((await (await fetch(SIGNED)).json()).sets).toBeGreaterThanOrEqual(2);
  session.close();
}, 60_000);
