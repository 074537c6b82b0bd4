// Multipart uploads of lib-storage, whose parts are signed with refreshed credentials.
// title: @aws-sdk/lib-storage
// framework: @aws-sdk/lib-storage
// moto: yes
import { CreateBucketCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
const s3 = session.client(S3Client);
await s3.send(new CreateBucketCommand({ Bucket: "lib-storage" }));
const object = { Bucket: "lib-storage", Key: "large" };
const Body = Buffer.alloc(11 << 20, "x");

await refreshed(async () => {
  // 5 MB is the smallest part: three parts
  await new Upload({ client: s3, params: { ...object, Body }, partSize: 5 << 20 }).done();
  const { ContentLength, Body: read } = await s3.send(new GetObjectCommand(object));
  if (ContentLength !== Body.length) throw new Error(`got ${ContentLength} bytes`);
  read.destroy();
});
