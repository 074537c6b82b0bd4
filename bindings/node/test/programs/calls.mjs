// What a page and an edge runtime do: credentials from a backend of one's own, and
// signed calls with a real client, over refreshes and over one rejection.
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { initialize, RefreshableSession } from "evercreds";

const END_MS = 60_000;

export async function calls({ module, backend, s3, sets = 3 }) {
  initialize({ module });
  const ask = async (path) => (await fetch(`${backend}/${path}`)).json();
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: () => ask("credentials"),
    // of the 8 s of a set, so that a signed call may take 4
    advisoryTimeout: 6,
    mandatoryTimeout: 4,
  });
  const client = session.client(S3Client, s3);
  let sent = 0;
  const { counters } = session.status();
  for (const end = Date.now() + END_MS; counters.installs < sets; sent++) {
    if (Date.now() > end) throw new Error(`no ${sets} sets in ${END_MS} ms`);
    await client.send(new ListBucketsCommand({}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    counters.installs = session.status().counters.installs;
  }
  await ask(`revoke?${(await session.credentials()).accessKeyId}`);
  await client.send(new ListBucketsCommand({}));
  const { installs, failures, rejections } = session.status().counters;
  session.close();
  return { sent, installs, failures, rejections, process: typeof globalThis.process };
}
