import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { afterEach, expect, it, vi } from "vitest";
import { refreshed, roleArn } from "./refreshed.mjs";

afterEach(() => vi.useRealTimers());

it("signs with credentials that are refreshed", { timeout: 50_000 }, async () => {
  const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
  const s3 = session.client(S3Client);
  await refreshed(() => s3.send(new ListBucketsCommand({})));
});

it("fetches again once the fake clock has passed the expiry", async () => {
  vi.useFakeTimers();
  let fetches = 0;
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: async () => ({
      accessKeyId: `TESTING${++fetches}`,
      secretAccessKey: "testing",
      sessionToken: "testing",
      expiration: new Date(Date.now() + 3600_000),
    }),
  });
  expect((await session.credentials()).accessKeyId).toBe("TESTING1");
  vi.advanceTimersByTime(30 * 60_000);
  expect((await session.credentials()).accessKeyId).toBe("TESTING1");
  vi.advanceTimersByTime(31 * 60_000);
  expect((await session.credentials()).accessKeyId).toBe("TESTING2");
});
