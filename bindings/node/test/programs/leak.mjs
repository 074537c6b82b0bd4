// Many sessions made, used and closed, or dropped as they are; and many refreshes
// of one session. Prints what is in use after each round, for others to compare.
import { S3Client } from "@aws-sdk/client-s3";
import { setImmediate as turn } from "node:timers/promises";

const ROUNDS = 12;
const SESSIONS = 100;
const REFRESHES = 300;

const { Instance } = WebAssembly;
let memory;
WebAssembly.Instance = function (...args) {
  const instance = new Instance(...args);
  memory = instance.exports.memory;
  return instance;
};
const { RefreshableSession } = await import("../../dist/index.mjs");

let count = 0;
const customCredentialsMethod = () => ({
  accessKey: `AKIA${++count}`,
  secretKey: "s".repeat(40),
  token: "t".repeat(1000),
  expiryTime: new Date(Date.now() + 3600_000),
});
const open = () => new RefreshableSession({ method: "custom", customCredentialsMethod });

async function use(session) {
  session.on("refresh", () => undefined);
  session.client(S3Client, { region: "eu-west-1" });
  await session.credentials();
  await session.refresh();
  session.invalidate();
  const waits = new AbortController();
  const left = session.credentialsFor({ signal: waits.signal }).catch(() => undefined);
  waits.abort();
  await left;
  await session.credentials();
}

const lasting = open();
const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  for (let i = 0; i < SESSIONS; i++) {
    const session = open();
    await use(session);
    if (i % 4 !== 0) session.close(); // the others are dropped
  }
  for (let i = 0; i < REFRESHES; i++) await lasting.refresh();
  for (let i = 0; i < 5; i++) {
    await turn(); // finalizers run between turns
    globalThis.gc();
  }
  rounds.push({
    heap: process.memoryUsage().heapUsed,
    outside: process.memoryUsage().arrayBuffers,
    wasm: memory.buffer.byteLength,
    handles: process.getActiveResourcesInfo().length,
  });
}
console.log(JSON.stringify(rounds));
