import { shared } from "../common/shared.js";
import type { ShareModule } from "./open.js";

/** The module `evercreds/share` of the process, once it was loaded. */
export const shareModule = shared("share module 1", (): { loaded: ShareModule | undefined } => ({
  loaded: undefined,
}));
