// What fresh credentials cost a caller: a session's provider beside a static one
// under the SDK's own memoizing, and the clock that either reads.
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from "@smithy/core";
import { RefreshableSession } from "evercreds";

import { fewer, interleave, tellVersions } from "./rounds.mjs";

const CALLS = fewer(200_000, 200);

tellVersions(["@smithy/core", "@aws-sdk/client-sts", "@aws-sdk/credential-providers"]);
const expiration = new Date(Date.now() + 3_600_000);
const keys = { accessKeyId: "A", secretAccessKey: "B", sessionToken: "C", expiration };
const session = new RefreshableSession({ method: "custom", customCredentialsMethod: async () => keys });

const perCall = (provider) => async () => {
  const begun = process.cpuUsage();
  for (let call = 0; call < CALLS; call++) await provider();
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1000) / CALLS;
};

await interleave("node-hot", "ns", fewer(31, 2), {
  evercreds: perCall(session.credentials),
  "SDK memoizeIdentityProvider": perCall(
    memoizeIdentityProvider(async () => keys, isIdentityExpired, doesIdentityRequireRefresh),
  ),
  "floor: await, and Date.now()": perCall(async () => Date.now()),
});
session.close();
