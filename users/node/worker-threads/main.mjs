// Each worker thread has a session of its own, with its own module and its own refreshes.
// title: worker_threads
// framework: node
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { RefreshableSession } from "evercreds";
import { refreshed, roleArn } from "./refreshed.mjs";

if (isMainThread) {
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)));
  const call = (worker) =>
    new Promise((resolve, reject) => {
      worker.once("message", resolve).once("error", reject).postMessage("call");
    });
  // a set for each thread, and two more
  await refreshed(() => Promise.all(workers.map(call)), { sets: 4 });
  await Promise.all(workers.map((worker) => worker.terminate()));
} else {
  const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
  const s3 = session.client(S3Client);
  parentPort.on("message", async () => {
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    parentPort.postMessage(Buckets.length);
  });
}
