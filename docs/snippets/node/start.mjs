import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/job" },
  stsClient: { region: "us-east-1" },
});
const s3 = session.client(S3Client, { region: "us-east-1" });
await s3.send(new ListBucketsCommand({})); // today, tomorrow, next week

console.log((await session.whoami()).Arn); // the assumed role, as STS names it
const { phase, remaining } = session.status();
console.log(phase, remaining); // "fresh", and the seconds that are left
if (phase !== "fresh") throw new Error(phase);

session.close();
