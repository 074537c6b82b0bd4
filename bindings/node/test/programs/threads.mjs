// Works in worker threads, and in the main one at the same time. Every second
// thread is given the module as the main thread compiled it.
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { initialize } from "../../dist/index.mjs";
import { work } from "./work.mjs";

if (isMainThread) {
  const [own, ...others] = JSON.parse(process.argv[2]);
  const file = new URL("../../dist/evercreds.wasm", import.meta.url);
  const module = new WebAssembly.Module(readFileSync(file));
  const threads = others.map((task, i) => {
    const data = { task, module: i % 2 === 0 ? module : undefined };
    return inThread(new Worker(new URL(import.meta.url), { workerData: data }));
  });
  console.log(JSON.stringify(await Promise.all([work(own), ...threads])));
} else {
  const { task, module } = workerData;
  if (module !== undefined) initialize({ module });
  parentPort.postMessage(await work(task));
}

function inThread(worker) {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
