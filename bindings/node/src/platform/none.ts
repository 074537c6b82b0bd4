import type { Platform } from "./types.js";

/** Browsers and edge runtimes: nothing beyond the engine. */
export const platform: Platform | undefined = undefined;
