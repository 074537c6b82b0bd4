// 1,000 callers wait for the first credentials: how long after the source's reply
// have they them? The p99 of the callers, in milliseconds, a round each.
import { setTimeout as pause } from "node:timers/promises";

import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from "@smithy/core";
import { RefreshableSession } from "evercreds";

import { fewer, interleave } from "./rounds.mjs";

const CALLERS = fewer(1000, 20);

async function p99(make) {
  let replied = 0;
  let reply;
  const gate = new Promise((resolve) => { reply = resolve; });
  const provider = make(async () => {
    await gate;
    replied = performance.now();
    return { accessKeyId: "A", secretAccessKey: "B", sessionToken: "C", expiration: new Date(Date.now() + 3_600_000) };
  });
  const callers = Array.from({ length: CALLERS }, async () => {
    await provider();
    return performance.now();
  });
  await pause(20);
  reply();
  const has = (await Promise.all(callers)).toSorted((a, b) => a - b);
  return has[Math.floor((CALLERS * 99) / 100) - 1] - replied;
}

await interleave("waiting-node", "ms", fewer(31, 1), {
  evercreds: () => p99((source) => new RefreshableSession({ method: "custom", customCredentialsMethod: source }).credentials),
  "SDK memoizeIdentityProvider": () => p99((source) => memoizeIdentityProvider(source, isIdentityExpired, doesIdentityRequireRefresh)),
  "floor: one promise": () => p99((source) => { const one = source(); return () => one; }),
});
