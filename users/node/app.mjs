// The program that the bundlers' programs bundle.
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
const s3 = session.client(S3Client);
// a promise, since bundles of CommonJS have no await at their top
refreshed(() => s3.send(new ListBucketsCommand({})), { sets: 2 })
  .then(() => session.whoami())
  .then(({ Arn }) => console.log(Arn))
  .finally(() => session.close());
