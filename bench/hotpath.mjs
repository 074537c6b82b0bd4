// What fresh credentials cost a caller: a session's provider beside a static
// one under the SDK's own memoizing. The two take turns, so that a machine whose
// speed drifts treats them alike; look at the ratio.
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from "@smithy/core";
import { RefreshableSession } from "evercreds";

const ROUNDS = 21;
const CALLS = 200_000;

const expiration = new Date(Date.now() + 3_600_000);
const keys = { accessKeyId: "A", secretAccessKey: "B", sessionToken: "C", expiration };
const session = new RefreshableSession({ method: "custom", customCredentialsMethod: async () => keys });
const contenders = {
  evercreds: session.credentials,
  "SDK memoize": memoizeIdentityProvider(async () => keys, isIdentityExpired, doesIdentityRequireRefresh),
  "Date.now": async () => Date.now(),
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const took = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, provider] of Object.entries(contenders)) {
    const begun = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) await provider();
    took[name].push(Number(process.hrtime.bigint() - begun) / CALLS);
  }
}
for (const [name, times] of Object.entries(took)) {
  const ratio = median(times.map((time, round) => time / took.evercreds[round]));
  console.log(`${name.padEnd(30)} ${median(times).toFixed(1).padStart(8)} ns  x ${ratio.toFixed(2)}`);
}
session.close();
