import type { CustomCredentials } from "../../src/index.js";
import type { Runtime } from "../../src/library/runtime.js";
import { virtualSession } from "./session.js";

/** A one-time code. No module has it in its memory by itself. */
export const CODE = "918273";
/** What no memory of a module may show, by names for the messages of tests. */
export const SECRETS = {
  "access key": "ASIASENTINELACCESSKEY",
  "secret key": "sentinel/Secret+Key/" + "q7Zk".repeat(5),
  "session token": "SentinelToken//" + "x9Wv2Jr4".repeat(40),
  "one-time code": CODE,
  "external id": "SENTINEL-external-id",
} as const;

/** A custom session whose sets are the secrets above. */
export function secretive(runtime?: Runtime) {
  const made = virtualSession({ refreshTimeout: 30 }, runtime);
  const set = (more: object = {}): CustomCredentials => ({
    accessKey: `${SECRETS["access key"]}${made.source.calls}`,
    secretKey: SECRETS["secret key"],
    token: SECRETS["session token"],
    expiryTime: new Date(made.clock.wall() + 3_600_000),
    ...more,
  });
  made.source.answer = () => set();
  return { ...made, set };
}
