// Next compiles it when the function is deployed: it cannot be compiled there.
import module from "./evercreds.wasm?module";

export const theModule = (): object | undefined => module;
