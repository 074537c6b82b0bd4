import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { EvercredsError, RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async () => {
    throw new Error("the vault is sealed");
  },
  maxWait: 0, // tell at once
});
try {
  await session.client(S3Client).send(new ListBucketsCommand({}));
} catch (error) {
  if (!(error instanceof EvercredsError)) throw error; // the service's own
  console.log(error.message); // what is wrong, and what to do
  console.log(error.code, error.class, error.cause); // "source", "recoverable", the source's own error
}
