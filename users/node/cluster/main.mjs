// The processes of a cluster serve requests, each with its own session and refreshes.
// title: cluster
// framework: node
import cluster from "node:cluster";
import { createServer } from "node:http";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const ports = workers.map(
    (worker) => new Promise((resolve) => worker.once("listening", ({ port }) => resolve(port))),
  );
  const port = await Promise.race(ports);
  await Promise.all(ports);
  const pids = new Set();
  await refreshed(
    async () => {
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      if (reply.status !== 200) throw new Error(await reply.text());
      pids.add(await reply.text());
    },
    { sets: 4 },
  );
  if (pids.size !== 2) throw new Error(`${pids.size} workers answered`);
  for (const worker of workers) worker.process.kill();
} else {
  const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
  const s3 = session.client(S3Client);
  createServer(async (_request, response) => {
    try {
      await s3.send(new ListBucketsCommand({}));
      response.end(String(process.pid));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }).listen(0, "127.0.0.1");
}
