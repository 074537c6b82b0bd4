// The Node worker of the demo: one session, a few callers, a report on each line.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { RefreshableSession } from "evercreds";

const CALLERS = 3;
const PAUSE_MS = 25; // leaves the machine to the other languages

const job = JSON.parse(process.env.EVERCREDS_DEMO);
const endpoint = job.endpoint ? { endpoint: job.endpoint } : {};
const session = new RefreshableSession({
  assumeRole: { RoleArn: job.role_arn, RoleSessionName: "demo-node", DurationSeconds: 900 },
  stsClient: { region: job.region, ...endpoint },
  advisoryTimeout: job.advisory_s,
  mandatoryTimeout: job.mandatory_s,
});
const client = new STSClient({
  region: job.region,
  ...endpoint,
  credentials: session.credentials,
  // A call that needs a second try counts as failed, unless its credentials were rejected.
  maxAttempts: 1,
});
client.middlewareStack.use(session.plugin);

const report = {
  phase: "empty",
  left_ms: 0,
  calls: 0,
  failed: 0,
  error: "",
  spells: 0,
  rejected: 0,
  wait_ms: 0,
  sequence: "",
};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const ends = performance.now() + job.length_ms;

/** Notes the flights that have ended since the last look. */
function look() {
  const { phase, remaining, counters } = session.status();
  const count = (letter) => report.sequence.split(letter).length - 1;
  const failures = counters.failures - count("F");
  report.sequence += "F".repeat(failures) + "I".repeat(counters.installs - count("I"));
  report.spells += failures;
  report.rejected = counters.rejections;
  report.phase = phase;
  report.left_ms = Math.round(remaining * 1000);
}

async function call() {
  const begun = performance.now();
  const had = report.sequence !== "";
  try {
    await session.credentialsFor();
    if (had) report.wait_ms = Math.max(report.wait_ms, Math.round(performance.now() - begun));
    await client.send(new GetCallerIdentityCommand({}));
    report.calls++;
  } catch (error) {
    report.failed++;
    report.error = String(error);
  }
  look();
}

async function caller() {
  while (performance.now() < ends) {
    await call();
    await pause(PAUSE_MS);
  }
}

async function forcer() {
  while (job.force_ms > 0) {
    if (performance.now() + job.force_ms >= ends) return;
    await pause(job.force_ms);
    await session.refresh();
  }
}

const reporter = setInterval(() => {
  look();
  console.log(JSON.stringify(report));
}, 250);
await Promise.all([forcer(), ...Array.from({ length: CALLERS }, caller)]);
clearInterval(reporter);
look();
console.log(JSON.stringify({ ...report, done: true }));
await session.close();
