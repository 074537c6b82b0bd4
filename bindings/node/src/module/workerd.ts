// Cloudflare's tools compile it when the worker is deployed: it cannot be compiled there.
import module from "./evercreds.wasm";

export const theModule = (): object | undefined => module;
