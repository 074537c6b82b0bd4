// The Node worker of the fault matrix: a session and a caller for each cell, a line for each call.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { RefreshableSession } from "evercreds";

const job = JSON.parse(process.env.EVERCREDS_FAULTS);
const at = { region: job.region, endpoint: job.endpoint };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function open({ cell, role, policy, deferred }) {
  const session = new RefreshableSession({
    assumeRole: { RoleArn: role, RoleSessionName: "faults-node", DurationSeconds: 900 },
    stsClient: at,
    policy,
    deferRefresh: deferred,
    advisoryTimeout: job.advisory_s,
    mandatoryTimeout: job.mandatory_s,
    refreshTimeout: job.timeout_s,
    maxWait: 0, // each call shows what becomes of the attempt that it meets
  });
  const client = new STSClient({ ...at, credentials: session.credentials, maxAttempts: 1 });
  client.middlewareStack.use(session.plugin);
  const ends = performance.now() + job.length_ms;
  const call = async () => {
    const line = { cell, at_ms: Date.now(), end_ms: 0, ok: true, error: "" };
    try {
      await client.send(new GetCallerIdentityCommand({}));
    } catch (error) {
      line.ok = false;
      line.error = String(error);
    }
    line.end_ms = Date.now();
    console.log(JSON.stringify(line));
  };
  await call();
  return async () => {
    while (performance.now() < ends) {
      await pause(1000);
      await call();
    }
    await session.close();
  };
}

// One after the other: what is left of a set counts from the start of its flight,
// and many at once would be slow.
const running = [];
for (const cell of job.cells) running.push((await open(cell))());
await Promise.all(running);
