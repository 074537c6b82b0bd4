import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/job" },
});

import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const expiresIn = 45 * 60; // seconds
const credentials = await session.credentialsFor({ minTtl: expiresIn }); // new ones, if those in use end sooner
const signer = new S3Client({ credentials });
const object = new GetObjectCommand({ Bucket: "reports", Key: "today.pdf" });
const url = await getSignedUrl(signer, object, { expiresIn });
if (!url.includes("X-Amz-Expires=2700")) throw new Error(url);
