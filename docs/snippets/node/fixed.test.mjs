// vitest, no AWS at all: a custom source returns fixed credentials, and send() the replies.
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { afterEach, expect, it, vi } from "vitest";

const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async () => ({
    accessKeyId: "testing",
    secretAccessKey: "testing",
    sessionToken: "testing",
    expiration: null, // never
  }),
});

afterEach(() => vi.restoreAllMocks());

it("names my buckets", async () => {
  vi.spyOn(S3Client.prototype, "send").mockResolvedValue({ Buckets: [{ Name: "mine" }] });
  const s3 = session.client(S3Client, { region: "us-east-1" });
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets).toEqual([{ Name: "mine" }]);
  expect((await session.credentials()).accessKeyId).toBe("testing");
});
