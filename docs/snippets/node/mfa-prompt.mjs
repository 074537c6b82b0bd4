import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { createInterface } from "node:readline/promises";
import { RefreshableSession } from "evercreds";

async function ask({ signal }) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question("Code: ", { signal });
  } finally {
    terminal.close();
  }
}

const session = new RefreshableSession({
  assumeRole: {
    RoleArn: "arn:aws:iam::123456789012:role/admin",
    SerialNumber: "arn:aws:iam::123456789012:mfa/me",
    DurationSeconds: 43200, // as long as the role allows: one code in twelve hours
  },
  mfaTokenProvider: ask,
  attended: true, // a person answers: no refresh starts until a call needs it
});
await session.client(S3Client).send(new ListBucketsCommand({}));
