import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const team = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::111111111111:role/team" },
});
const job = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::222222222222:role/job" },
  stsClient: { credentials: team.credentials },
});
await job.client(S3Client).send(new ListBucketsCommand({}));
const { Arn } = await job.whoami();
if (!Arn.includes(":222222222222:assumed-role/job/")) throw new Error(Arn);
