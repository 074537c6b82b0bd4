// A worker of the page, whose bundle knows of no file.
import { calls } from "./calls.mjs";

globalThis.onmessage = async ({ data }) => {
  globalThis.postMessage(await calls(data).catch((error) => ({ error: String(error) })));
};
