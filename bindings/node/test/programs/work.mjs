// One worker's work, whatever kind of worker it is: signed calls, one after the
// other, over two refreshes.
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { setTimeout as sleep } from "node:timers/promises";
import { RefreshableSession } from "../../dist/index.mjs";

const SETS = 3;
const END_MS = 60_000;

export async function work({ stsClient, s3, role }) {
  const session = new RefreshableSession({
    assumeRole: { RoleArn: role },
    stsClient,
    // of the 8 s of a set, so that a signed call may take 4
    advisoryTimeout: 6,
    mandatoryTimeout: 4,
  });
  const client = session.client(S3Client, s3);
  let calls = 0;
  for (const end = Date.now() + END_MS; session.status().counters.installs < SETS; calls++) {
    if (Date.now() > end) throw new Error(`no ${SETS} sets in ${END_MS} ms`);
    await client.send(new ListBucketsCommand({}));
    await sleep(20);
  }
  client.destroy();
  const { starts, failures } = session.status().counters;
  session.close();
  return { calls, starts, failures };
}
