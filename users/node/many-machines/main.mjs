// The examples of docs/guides/many-machines.md: sessions that share by a directory, and by Redis.
// title: sharing, the example of the page
// framework: redis
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { RedisStore } from "evercreds/share";
import { createClient } from "redis";
import { refreshed, roleArn } from "./refreshed.mjs";

const assumeRole = { RoleArn: roleArn, RoleSessionName: "reports" };

const ofThisMachine = () => new RefreshableSession({ assumeRole, share: true });

async function ofAllMachines(url, key) {
  const client = createClient({ url });
  client.on("error", console.error); // it connects again by itself
  await client.connect();
  const session = new RefreshableSession({
    assumeRole,
    share: new RedisStore(client),
    shareKey: key, // 32 bytes, the same on all machines
  });
  return { session, client };
}

async function meet(sessions, sets) {
  const clients = sessions.map((session) => session.client(S3Client));
  const all = () => Promise.all(clients.map((client) => client.send(new ListBucketsCommand({}))));
  // Where a first look at the store comes too late, on a machine that is busy, a session
  // refreshes for itself, and meets the other at its next refresh.
  for (let left = 5; ; sets += 2) {
    const before = starts(sessions);
    await refreshed(all, { sets });
    const counters = sessions.map((session) => session.status().counters);
    const metAll = counters.every((each) => each.shareAdopted + each.sharePublished > 0);
    if (starts(sessions) - before <= 3 && metAll) return;
    if (--left === 0) throw new Error(JSON.stringify(counters));
  }
}

const starts = (sessions) =>
  sessions.reduce((sum, session) => sum + session.status().counters.starts, 0);

const freePort = () =>
  new Promise((resolve) => {
    const taken = createServer().listen(0, "127.0.0.1", () => {
      const { port } = taken.address();
      taken.close(() => resolve(port));
    });
  });

const home = mkdtempSync(join(tmpdir(), "sharing-"));
process.env.XDG_RUNTIME_DIR = home;
await meet([ofThisMachine(), ofThisMachine()], 2);
const port = await freePort();
const quiet = ["--bind", "127.0.0.1", "--save", "", "--dir", home, "--loglevel", "warning"];
const server = spawn("redis-server", ["--port", String(port), ...quiet], { stdio: "inherit" });
try {
  const [address, key] = [`redis://127.0.0.1:${port}`, randomBytes(32)];
  const both = await Promise.all([ofAllMachines(address, key), ofAllMachines(address, key)]);
  await meet(
    both.map(({ session }) => session),
    4,
  );
  for (const { session, client } of both) {
    session.close();
    client.destroy();
  }
} finally {
  server.kill();
}
process.exit(0); // sessions of the first part are open
