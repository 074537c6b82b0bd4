// What eager sessions cost that keep themselves fresh, while nothing happens.
// Arguments: `evercreds` or `timers` (one setTimeout each), and how many.
import { setTimeout as pause } from "node:timers/promises";

const [kind, given] = process.argv.slice(2);
const count = Number(given);
const keys = async () => ({
  accessKeyId: "A", secretAccessKey: "B", sessionToken: "C", expiration: new Date(Date.now() + 3_600_000),
});

const { RefreshableSession } = await import("evercreds");
const make = kind === "evercreds"
  ? () => new RefreshableSession({ method: "custom", customCredentialsMethod: keys, deferRefresh: false })
  : () => {
    const kept = {};
    kept.timer = setTimeout(async () => { kept.set = await keys(); }, 2_700_000);
    void keys().then((set) => { kept.set = set; });
    return kept;
  };

const kept = [make(), make(), make()];
await pause(200);
globalThis.gc();
const before = process.memoryUsage().rss;
for (let n = 0; n < count; n++) kept.push(make());
await pause(1000);
globalThis.gc();
const weight = (process.memoryUsage().rss - before) / 1024 / count;
// The middle of five spans: in up to two of the first the collector comes for the thread in
// which Node loads modules, for good.
const spans = [];
for (let span = 0; span < 5; span++) {
  const begun = process.cpuUsage();
  await pause(3000);
  const { user, system } = process.cpuUsage(begun);
  spans.push((user + system) / 1000);
}
const [, , idle] = spans.toSorted((a, b) => a - b);
process.stdout.write(`${JSON.stringify({ KiB: weight, "idle ms": idle })}\n`);
process.exit(kept.length === count + 3 ? 0 : 1);
