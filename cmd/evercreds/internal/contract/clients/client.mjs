// A client of AWS's SDK for JavaScript: signed calls for a while, and a line for each.
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { GetCallerIdentityCommand, STSClient } = createRequire(
  process.env.CONTRACT_NODE_MODULES,
)("@aws-sdk/client-sts");
const [duration, period] = process.argv.slice(2).map((s) => Number(s) * 1000);
const client = new STSClient({});
const end = performance.now() + duration;
for (;;) {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    console.log("ok", Arn, took());
  } catch (e) {
    console.log("fail", e.name, took(), String(e.message).replace(/\s+/g, " "));
  }
  if (performance.now() >= end) break;
  await sleep(period);
}
