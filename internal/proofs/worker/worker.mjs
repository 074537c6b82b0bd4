// The Node worker of the drivers demo, faults, soak and share: it opens sessions and makes
// calls as it is told on standard input. The Go package workers says how.
import { createHmac } from "node:crypto";
import { openSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Usage } from "./usage.mjs"; // before evercreds: it watches the module's instances
import { RefreshableSession } from "evercreds";
import { DynamoDBStore, RedisStore, S3Store } from "evercreds/share";
import { createClient } from "redis";

const usage = new Usage();
const sessions = new Map();
const bases = new Map(); // custom sources' own clients, by endpoint; they sign as the base user
const kept = []; // what is leaked on purpose
const lag = monitorEventLoopDelay();
lag.enable();

/** The options of a session that shares. */
async function shared({ keys, name_key, ...share }) {
  return defined({
    share: await storeOf(share),
    shareKey: keys?.map((key) => Buffer.from(key, "base64")),
    shareNameKey: name_key && Buffer.from(name_key, "base64"),
    sharePrincipal: share.principal,
    shareId: share.id,
    shareTurn: share.turn_s,
    shareWait: share.wait_s,
  });
}

async function storeOf({ store, where, call_ms }) {
  if (store === "file") return where;
  if (store === "redis") {
    const client = createClient({ url: `redis://${where}` });
    client.on("error", () => undefined); // it connects again by itself
    await client.connect();
    return new RedisStore(client, defined({ callMs: call_ms }));
  }
  const at = { region: process.env.AWS_REGION, endpoint: where, maxAttempts: 1 };
  if (store === "s3") {
    const { S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({ ...at, forcePathStyle: true });
    return new S3Store(client, { bucket: "evercreds", prefix: "" });
  }
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  const client = new DynamoDBClient(at);
  return new DynamoDBStore(client, { table: "evercreds" });
}

/** The one-time code of this step; a step lasts 20 ms, where a device's lasts 30 s. */
function codeNow(secret) {
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 20)));
  const number = createHmac("sha256", secret).update(step).digest().readBigUInt64BE();
  return String(number % 1_000_000n).padStart(6, "0");
}

const tell = (line) => console.log(JSON.stringify(line));
/** Writes all that a session logs, and what goes with it, to standard error. */
const log = (text, facts) => console.error(text, inspect(facts, { depth: 9, showHidden: true }));
const logger = { debug: log, info: log, warn: log };
const settings = ({ endpoint }) => ({
  region: process.env.AWS_REGION,
  maxAttempts: 1,
  ...(endpoint && { endpoint }),
});
const defined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const kinds = {
  sts: ({ name, session_name, external_id, serial, secret, ...source }) => ({
    assumeRole: {
      RoleArn: name,
      RoleSessionName: session_name,
      DurationSeconds: 900,
      ...defined({ ExternalId: external_id, SerialNumber: serial }),
    },
    ...defined({ mfaTokenProvider: serial && (() => codeNow(secret)) }),
    stsClient: settings(source),
  }),
  custom: ({ name, session_name, ...source }) => {
    if (!bases.has(source.endpoint)) bases.set(source.endpoint, new STSClient(settings(source)));
    const base = bases.get(source.endpoint);
    const role = { RoleArn: name, RoleSessionName: session_name };
    return {
      customCredentialsMethod: async ({ signal }) => {
        const reply = await base.send(new AssumeRoleCommand(role), {
          abortSignal: signal,
        });
        const set = reply.Credentials;
        return {
          accessKey: set.AccessKeyId,
          secretKey: set.SecretAccessKey,
          token: set.SessionToken,
          expiryTime: set.Expiration,
        };
      },
    };
  },
  iot: ({ name, tls_endpoint, certificate, private_key, ca }) => {
    const { hostname: host, port } = new URL(tls_endpoint);
    return {
      endpoint: `worker.credentials.iot.${process.env.AWS_REGION}.amazonaws.com`,
      roleAlias: name,
      ...{ certificate, privateKey: private_key, ca },
      connectTo: { host, port: Number(port) },
    };
  },
  made: () => {
    let n = 0;
    return {
      method: "custom",
      customCredentialsMethod: () => ({
        ...{
          accessKey: `ASIA${n++}`,
          secretKey: "s".repeat(40),
          token: "t".repeat(1000),
        },
        expiryTime: new Date(Date.now() + 3_600_000),
      }),
    };
  },
};

const statusOf = ({ real }) => {
  const status = real.status();
  const { installs, failures, rejections, shareCalls } = status.counters;
  return {
    phase: status.phase,
    remaining_ms: Math.round(status.remaining * 1000),
    mandatory_ms: Math.round(status.mandatoryTimeout * 1000),
    rejected: status.rejected || status.reported,
    ...{ installs, failures, rejections, share_calls: shareCalls },
  };
};

/** One signed call. */
async function call(session, look = false) {
  const [at_ms, begun, before] = [Date.now(), performance.now(), statusOf(session)];
  const line = { session: session.number, at_ms, before };
  const took = () => Math.round(performance.now() - begun);
  try {
    if (look) {
      await session.real.credentialsFor();
      line.wait_ms = took();
    }
    await session.client.send(new GetCallerIdentityCommand({}));
  } catch (error) {
    Object.assign(line, {
      failed: String(error),
      code: String(error?.code ?? ""),
    });
  }
  return { ...line, end_ms: at_ms + took(), after: statusOf(session) };
}

/** Tells what a session that shares tells. */
function listen(number, real) {
  const event = (kind, more) => tell({ session: number, event: kind, at_ms: Date.now(), ...more });
  real.on("share", ({ share }) => event("share", { step: share.replaceAll("-", "_") }));
  real.on("refresh", async ({ expiry }) => {
    const { accessKeyId } = await real.credentials();
    event("refresh", { key: accessKeyId, expiry_ms: expiry.getTime() });
  });
}

/** Makes calls until the session is closed. */
async function keep(session, { pause_ms, spread_ms, look }) {
  for (;;) {
    const ms = pause_ms + spread_ms * Math.random();
    const pause = new Promise((done) => {
      session.wake.add(done);
      setTimeout(() => session.wake.delete(done) && done(), ms);
    });
    await pause;
    if (session.over) return;
    tell(await call(session, look));
  }
}

const orders = {
  async open({ session: number, source, cached }) {
    const real = new RefreshableSession({
      method: source.kind,
      ...kinds[source.kind](source),
      ...(source.share && (await shared(source.share))),
      ...defined({
        policy: source.policy,
        advisoryTimeout: source.advisory_s,
        mandatoryTimeout: source.mandatory_s,
        refreshTimeout: source.timeout_s,
        maxWait: source.no_wait ? 0 : undefined,
        logger: source.logs ? logger : undefined,
      }),
      deferRefresh: !source.eager,
      advisoryRefresh: source.inline ? "inline" : "background",
    });
    real.on("failure", () => undefined);
    if (source.share) listen(number, real);
    usage.watch(real);
    const at = settings(source);
    const client = cached
      ? real.client(STSClient, at)
      : new STSClient({ ...at, credentials: real.credentials });
    if (!cached) client.middlewareStack.use(real.plugin);
    sessions.set(number, {
      number,
      real,
      client,
      callers: [],
      wake: new Set(),
      over: false,
    });
  },

  call: (_order, session) => call(session),

  keep({ pace }, session) {
    for (let i = 0; i < pace.callers; i++) session.callers.push(keep(session, pace));
  },

  key: async (_order, session) => ({
    key: (await session.real.credentials()).accessKeyId,
  }),

  async refresh({ times = 1 }, session) {
    for (let i = 0; i < times; i++) await session.real.refresh();
  },

  /** Ends the calls of a session, and then it. */
  async close({ leak, drop }, session) {
    session.over = true;
    for (const done of session.wake) done();
    await Promise.all(session.callers);
    sessions.delete(session.number);
    session.client.destroy(); // the user's, as is every client that the session has forgotten
    const after = statusOf(session);
    if (leak === "session") kept.push(session.real);
    else if (!drop) session.real.close();
    return { after };
  },

  /** What is held; and holds on to more, where that is asked for. */
  async sample({ leak }) {
    if (leak === "thread") kept.push(new Worker("setInterval(() => {}, 1e3)", { eval: true }));
    if (leak === "fd") kept.push(openSync("/dev/null"), openSync("/dev/null"));
    if (leak === "memory") kept.push(Array.from({ length: 8192 }, (_, i) => ({ i })));
    const held = await usage.now();
    const lag_ms = lag.max / 1e6;
    lag.reset();
    return { usage: held, lag_ms };
  },

  async settle({ names, start }) {
    for (const base of bases.values()) base.destroy(); // its connections: it goes on to work
    return { usage: await usage.settled(names, start) };
  },
};

async function obey({ n, do: what, ...order }) {
  let line;
  try {
    line = await orders[what](order, sessions.get(order.session));
  } catch (error) {
    line = { error: String(error) };
  }
  tell({ ...line, n });
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void obey(JSON.parse(line)));
// What is leaked on purpose may hold the process.
lines.on("close", () => process.exit(0));
