import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { type EventFacts, RefreshableSession } from "../src/index.js";
import { PRESIGNED } from "../src/library/abi-generated.js";

/** A session whose sets live for a time, and what it warns of. */
function open(lifetimeSeconds: number | undefined) {
  let sets = 0;
  const records: [string, EventFacts][] = [];
  const warn = (text: string, facts: EventFacts) => records.push([text, facts]);
  const session = new RefreshableSession({
    logger: { debug: () => undefined, info: () => undefined, warn },
    method: "custom",
    customCredentialsMethod: () => ({
      accessKeyId: `AKIA${++sets}`,
      secretAccessKey: "s",
      sessionToken: "t",
      expiration:
        lifetimeSeconds === undefined ? null : new Date(Date.now() + lifetimeSeconds * 1000),
    }),
  });
  const warnings: string[] = [];
  session.on("warning", ({ message }) => warnings.push(message));
  const own = new S3Client({ region: "us-east-1", credentials: session.credentials });
  own.middlewareStack.use(session.plugin);
  return {
    session,
    warnings,
    records,
    clients: [session.client(S3Client, { region: "us-east-1" }), own],
  };
}

const object = new GetObjectCommand({ Bucket: "bucket", Key: "key" });

test("a URL that is to last longer than the credentials: a warning, once", async () => {
  const { session, warnings, records, clients } = open(3600);
  for (const client of clients) {
    const url = await getSignedUrl(client, object, { expiresIn: 7200 });
    expect(url).toContain("X-Amz-Expires=7200");
    await getSignedUrl(client, object, { expiresIn: 7200 });
  }
  expect(warnings).toEqual([PRESIGNED]);
  expect(records).toEqual([
    [
      `evercreds: ${PRESIGNED}`,
      expect.objectContaining({ cause: "first", expiry: expect.any(Date) as Date }),
    ],
  ]);
  expect(PRESIGNED).toContain("(minTtl)");
  session.close();
});

test.each([
  ["one that ends before them", 3600, 1800],
  ["one that credentials without expiry have signed", undefined, 7200],
])("%s: none", async (_name, lifetime, expiresIn) => {
  const { session, warnings, clients } = open(lifetime);
  for (const client of clients) await getSignedUrl(client, object, { expiresIn });
  expect(warnings).toEqual([]);
  session.close();
});

test("the README's recipe, where too little is left: a URL of new credentials", async () => {
  const { session, warnings } = open(60);
  await session.credentials();
  const short = session.credentialsFor({ minTtl: 3000 });
  await expect(short).rejects.toMatchObject({ code: "min-ttl" });
  const credentials = await session.credentialsFor({ minTtl: 30 });
  const signer = new S3Client({ region: "us-east-1", credentials });
  const url = await getSignedUrl(signer, object, { expiresIn: 30 });
  expect(url).toContain(credentials.accessKeyId);
  expect(warnings).toEqual([]);
  session.close();
});
