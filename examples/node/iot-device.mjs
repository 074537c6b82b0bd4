// Lists the S3 buckets that a device may see, which has nothing but a certificate.
//
//   node iot-device.mjs --endpoint ID.credentials.iot.REGION.amazonaws.com --role-alias ALIAS \
//     --thing-name THING --certificate certificate.pem.crt --private-key private.pem.key
import { parseArgs } from "node:util";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";

const { values: given } = parseArgs({
  options: {
    endpoint: { type: "string" },
    "role-alias": { type: "string" },
    "thing-name": { type: "string" },
    certificate: { type: "string" },
    "private-key": { type: "string" },
    ca: { type: "string" }, // who vouches for the endpoint; default: whom Node trusts
    "connect-to": { type: "string" }, // another address to connect to, HOST:PORT
  },
});
const [host, port] = given["connect-to"]?.split(":") ?? [];

const session = new RefreshableSession({
  method: "iot",
  endpoint: given.endpoint,
  roleAlias: given["role-alias"],
  thingName: given["thing-name"],
  certificate: given.certificate,
  privateKey: given["private-key"],
  ca: given.ca,
  connectTo: host && { host, port: Number(port) },
});
const s3 = session.client(S3Client);
const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
for (const { Name } of Buckets) console.log(Name);
session.close();
