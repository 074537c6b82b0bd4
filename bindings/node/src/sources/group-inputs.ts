import type { Json } from "../share/canonical.js";
import type { ShareModule } from "../share/open.js";

/** The words in which what a set is for is told to other processes. */
export type Naming = ShareModule["naming"];

/** Says what a session's credentials are for. Processes that say the same share them. */
export type GroupInputs = (naming: Naming, signal: AbortSignal) => Promise<Json>;
