import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { Moto, motoPython } from "./support/moto.js";

// where no Python has moto, the reporter lists these as skipped
describe.skipIf(motoPython === undefined)("moto, an STS that others wrote", () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await Moto.start(motoPython ?? "");
  });
  afterAll(async () => {
    await moto.stop();
  });

  test("a session is kept fresh, and its calls succeed", async () => {
    const base = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example" };
    const place = { endpoint: moto.endpoint, region: "us-east-1" };
    const session = new RefreshableSession({
      assumeRole: { RoleArn: "arn:aws:iam::123456789012:role/app", DurationSeconds: 900 },
      stsClient: { ...place, credentials: base },
    });
    const s3 = new S3Client({
      ...place,
      forcePathStyle: true,
      credentials: session.credentials,
    });
    await s3.send(new CreateBucketCommand({ Bucket: "fresh" }));
    const first = await session.credentials();
    expect(session.status()).toMatchObject({ phase: "fresh" });
    expect(session.status().lifetime).toBeGreaterThan(890);
    expect(session.status().lifetime).toBeLessThanOrEqual(900);
    const second = await session.refresh();
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(["fresh"]);
    expect((await session.whoami()).Arn).toContain("assumed-role/app/evercreds");
    s3.destroy();
    session.close();
  });
});
