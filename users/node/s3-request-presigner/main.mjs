// Presigned URLs: credentialsFor({ minTtl }) asks for a set that lives as long as the URL is to
// work.
// title: @aws-sdk/s3-request-presigner
// framework: @aws-sdk/s3-request-presigner
// moto: yes
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
const s3 = session.client(S3Client);
await s3.send(new CreateBucketCommand({ Bucket: "presigner" }));
const object = { Bucket: "presigner", Key: "note.txt" };
await s3.send(new PutObjectCommand({ ...object, Body: "well" }));

await refreshed(async () => {
  // A URL ends with its credentials, however long it was asked for: they must live longer.
  const expiresIn = 2; // seconds
  const credentials = await session.credentialsFor({ minTtl: expiresIn });
  const signer = new S3Client({ credentials });
  const url = await getSignedUrl(signer, new GetObjectCommand(object), { expiresIn });
  const reply = await fetch(url);
  const text = await reply.text();
  if (reply.status !== 200 || text !== "well") throw new Error(`${reply.status}: ${text}`);
});
