// What fresh credentials cost a caller whose session shares, beside one that does not.
// The store is a directory, and one whose calls never end, which are under way
// meanwhile. The rounds are interleaved; `./task share -- store-hang` judges their ratios.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefreshableSession } from "evercreds";
import "evercreds/share";

import { fewer, interleave } from "./rounds.mjs";

const CALLS = fewer(200_000, 20_000);

let asked = 0;
const hang = () => {
  asked++;
  return new Promise(() => undefined);
};
const hung = { read: hang, campaign: hang, publish: hang, resign: hang };

const expiration = new Date(Date.now() + 3_600_000);
const keys = { accessKeyId: "A", secretAccessKey: "B", sessionToken: "C", expiration };
const sessionOf = (share) =>
  new RefreshableSession({ method: "custom", customCredentialsMethod: async () => keys, ...share });

const directory = mkdtempSync(join(tmpdir(), "evercreds-bench-"));
const sessions = {
  off: sessionOf({}),
  on: sessionOf({ share: directory, shareId: "bench" }),
  hung: sessionOf({ share: hung, shareKey: new Uint8Array(32), shareId: "bench" }),
};
const contenders = {};
for (const [name, { credentials }] of Object.entries(sessions)) {
  await credentials();
  contenders[name] = async () => {
    const begun = process.cpuUsage();
    for (let call = 0; call < CALLS; call++) await credentials();
    const { user, system } = process.cpuUsage(begun);
    return ((user + system) * 1000) / CALLS;
  };
}
assert(asked > 0, "the store was not asked");
await interleave("node-share-hot", "ns", fewer(21, 5), contenders);
assert(asked <= 8, "a caller inside a lease asks the store");
for (const session of Object.values(sessions)) session.close();
rmSync(directory, { recursive: true });
process.exit(0); // what hangs at the store would keep it
