// The Node worker of the soak: callers of sessions that last, and sessions that pass.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { openSync } from "node:fs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Usage } from "./worker-usage.mjs"; // before evercreds: it watches the module's instances
import { RefreshableSession } from "evercreds";

const job = JSON.parse(process.env.EVERCREDS_SOAK);
const usage = new Usage();
const counts = { calls: 0, failed: 0, refreshes: 0, sessions: 0, rejected: 0 };
const at = { region: job.region, endpoint: job.endpoint, maxAttempts: 1 };
const base = new STSClient(at); // the custom sources' own, which signs as the base user
const kept = []; // what is leaked on purpose
let lasting = [];

const tell = (kind, more) => console.log(JSON.stringify({ kind, ...more }));
const pause = (ms) => new Promise((done) => setTimeout(done, ms * (0.5 + Math.random())));

const totals = () => {
  const fetched = lasting.reduce((sum, s) => sum + s.status().counters.installs, 0);
  return { ...counts, refreshes: counts.refreshes + fetched };
};

const kinds = {
  sts: (RoleArn) => ({ assumeRole: { RoleArn, RoleSessionName: "soak" }, stsClient: at }),
  custom: (RoleArn) => ({
    customCredentialsMethod: async (_args, { signal }) => {
      const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: "soak" });
      const { Credentials: set } = await base.send(command, { abortSignal: signal });
      return {
        accessKey: set.AccessKeyId,
        secretKey: set.SecretAccessKey,
        token: set.SessionToken,
        expiryTime: set.Expiration,
      };
    },
  }),
  iot: (roleAlias) => {
    const { hostname: host, port } = new URL(job.tls_endpoint);
    return {
      endpoint: `soak.credentials.iot.${job.region}.amazonaws.com`,
      roleAlias,
      certificate: job.certificate,
      privateKey: job.private_key,
      ca: job.ca,
      connectTo: { host, port: Number(port) },
    };
  },
};

function open(source) {
  const session = new RefreshableSession({
    method: source.kind,
    ...kinds[source.kind](source.name),
    policy: source.policy,
    deferRefresh: source.deferred,
    advisoryRefresh: source.inline ? "inline" : "background",
    advisoryTimeout: source.advisory_s,
    mandatoryTimeout: source.mandatory_s,
    refreshTimeout: source.timeout_s,
  });
  session.on("failure", () => undefined);
  usage.watch(session);
  counts.sessions++;
  return session;
}

async function end(session, closed = true) {
  counts.refreshes += session.status().counters.installs;
  if (job.leak === "session") kept.push(session);
  else if (closed) await session.close();
}

/** One signed call; tells of one that failed. */
async function call(source, session, client) {
  const [begun, before] = [Date.now(), session.status()];
  try {
    await client.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    counts.failed++;
    const [took, { counters }] = [Date.now() - begun, session.status()];
    // a set was held that could be served until the call's end
    const left = (before.remaining - before.mandatoryTimeout) * 1000;
    const unharmed = !before.rejected && before.counters.rejections === counters.rejections;
    const spaced = error.code === "rejected" && counters.rejections >= 2;
    tell("failure", { ...failed(source, begun, error), held: left > took && unharmed, spaced });
  }
  counts.calls++;
}

const failed = (source, begun, error) => ({
  source: source.name,
  at_ms: begun,
  took_ms: Date.now() - begun,
  error: String(error),
});

/** A session from its beginning to its end; one of four is not closed, but dropped. */
async function pass(source, number) {
  const begun = Date.now();
  try {
    const session = open(source);
    const client = session.client(STSClient, at);
    await call(source, session, client);
    if (number % 2 === 0) await revoke(session);
    await call(source, session, client);
    // the user's, as is every client that the session has forgotten
    client.destroy();
    await end(session, number % 4 !== 3);
  } catch (error) {
    tell("failure", { ...failed(source, begun, error), held: true });
  }
}

/** Has the stand-in reject what a session holds. */
async function revoke(session) {
  let accessKeyId;
  try {
    ({ accessKeyId } = await session.credentials());
  } catch {
    return; // its source is at fault just now
  }
  const body = JSON.stringify({ access_key_id: accessKeyId });
  const reply = await fetch(`${job.control}/revoke`, { method: "POST", body });
  await reply.text();
  counts.rejected++;
}

/** Holds on to something, once for each sample, where that is asked for. */
function leak() {
  if (job.leak === "thread") kept.push(new Worker("setInterval(() => {}, 1e3)", { eval: true }));
  if (job.leak === "fd") kept.push(openSync("/dev/null"), openSync("/dev/null"));
  if (job.leak === "memory") kept.push(Array.from({ length: 8192 }, (_, i) => ({ i })));
}

async function run(ends) {
  const going = () => performance.now() < ends;
  const clients = lasting.map((session) => {
    const client = new STSClient({ ...at, credentials: session.credentials });
    client.middlewareStack.use(session.plugin);
    return client;
  });
  const callers = job.lasting.flatMap((source, i) =>
    Array.from({ length: job.callers }, async () => {
      while (going()) {
        await pause(job.pause_ms);
        await call(source, lasting[i], clients[i]);
      }
    }),
  );
  const passing = async () => {
    for (let i = 0; going(); i++) {
      await pause(job.passing_ms);
      await pass(job.passing[i % job.passing.length], i);
    }
  };
  const rejecting = async () => {
    // once each: the core spaces what is rejected again and again, and counts all
    // sets as quickly rejected that live for less than a minute
    for (let i = 0; i < lasting.length && going(); i++) {
      await pause(job.revoke_ms);
      await revoke(lasting[i]);
    }
  };
  const lag = monitorEventLoopDelay();
  lag.enable();
  const sampling = async () => {
    while (going()) {
      const begun = performance.now();
      leak();
      const held = await usage.now();
      const lag_ms = lag.max / 1e6;
      lag.reset();
      tell("sample", { at_ms: Date.now(), lag_ms, usage: held, totals: totals() });
      // no more than a fifth of the time, where the machine is busy
      const took = performance.now() - begun;
      const rest = Math.max(job.sample_ms - took, Math.min(4 * took, 4 * job.sample_ms));
      await new Promise((done) => setTimeout(done, rest));
    }
  };
  await Promise.all([...callers, passing(), rejecting(), sampling()]);
  for (const client of clients) client.destroy();
}

/** For what is made with the first of each, and until the module's heap has been collected. */
async function warmUp() {
  for (const [i, source] of job.passing.entries()) await pass(source, 2 * i);
  let n = 0;
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: () => ({
      ...{ accessKey: `ASIA${n++}`, secretKey: "s".repeat(40), token: "t".repeat(1000) },
      expiryTime: new Date(Date.now() + 3_600_000),
    }),
  });
  while (n < job.warm_up) await session.refresh();
  await session.close();
  base.destroy(); // its connections: it goes on to work
}

async function endAll() {
  for (const session of lasting) await end(session);
  lasting = [];
  base.destroy();
}

await warmUp();
const start = await usage.settled();
tell("start", { usage: start });
lasting = job.lasting.map(open);
await run(performance.now() + job.length_ms);
await endAll();
tell("end", { usage: await usage.settled(start), totals: totals() });
process.exit(); // what was leaked on purpose would keep it
