// The README's program as an ES module, on the package as published.
// title: Node, ES modules
// framework: node
// short: yes
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
const s3 = session.client(S3Client);
await refreshed(() => s3.send(new ListBucketsCommand({})));
const { Arn } = await session.whoami();
if (!Arn.includes(":assumed-role/node-esm/")) throw new Error(Arn);
