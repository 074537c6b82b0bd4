// Works in the workers of a cluster, whose primary has used a session before.
import cluster from "node:cluster";
import { once } from "node:events";
import { work } from "./work.mjs";

if (cluster.isPrimary) {
  const [own, ...others] = JSON.parse(process.argv[2]);
  const results = [await work(own)];
  const workers = others.map(async (task) => {
    const worker = cluster.fork({ TASK: JSON.stringify(task) });
    const ended = once(worker, "exit");
    const [result] = await once(worker, "message");
    results.push(result);
    const [code] = await ended;
    if (code !== 0) throw new Error(`a worker ended with ${code}`);
  });
  await Promise.all(workers);
  console.log(JSON.stringify(results));
} else {
  process.send(await work(JSON.parse(process.env.TASK)), () => cluster.worker.disconnect());
}
