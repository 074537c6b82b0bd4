// What an edge runtime loads: it has the compiled module from its surroundings.
import { RefreshableSession } from "evercreds";
import { calls } from "./calls.mjs";

globalThis.serve = calls;
globalThis.RefreshableSession = RefreshableSession;
