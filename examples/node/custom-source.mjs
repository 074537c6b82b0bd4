// Lists the S3 buckets that the credentials of a broker may see: any program that
// hands out temporary credentials over HTTP. The session asks it again before they
// expire.
//
//   node custom-source.mjs http://broker.example/credentials
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node custom-source.mjs URL");
  process.exit(1);
}
const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async ({ signal }) => {
    const reply = await fetch(url, { signal });
    if (!reply.ok) throw new Error(`the broker answered ${reply.status}`);
    const set = await reply.json();
    return {
      accessKeyId: set.access_key,
      secretAccessKey: set.secret_key,
      sessionToken: set.token,
      expiration: set.expiry_time,
    };
  },
});
const s3 = session.client(S3Client);
const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
for (const { Name } of Buckets) console.log(Name);
session.close();
