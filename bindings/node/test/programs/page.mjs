// The page: it finds the module by its URL, which the bundler puts in.
import url from "evercreds/evercreds.wasm";
import { calls } from "./calls.mjs";

const compiled = () => WebAssembly.compileStreaming(fetch(url));

globalThis.inPage = async (given) => calls({ ...given, module: await compiled() });

/** The same in a worker, which is handed the module as compiled here. */
globalThis.inWorker = async (given) => {
  const worker = new Worker("/page-worker.js", { type: "module" });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage({ ...given, module: await compiled() });
  return answer;
};
