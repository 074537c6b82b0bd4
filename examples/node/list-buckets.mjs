// Lists the S3 buckets that a role may see. The ambient credentials assume the role;
// the session keeps its credentials fresh.
//
//   node list-buckets.mjs arn:aws:iam::123456789012:role/reader
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({ assumeRole: { RoleArn: process.argv[2] } });
const s3 = session.client(S3Client);
const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
for (const { Name } of Buckets) console.log(Name);
session.close();
