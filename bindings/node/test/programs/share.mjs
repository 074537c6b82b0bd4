// A process that shares: it gets one set of a server's, tells it, and lives until it is told.
const [entry, text] = process.argv.slice(2);
const settings = JSON.parse(text);
const { RefreshableSession } = await import(entry);
const { FileStore, RedisStore } = await import(new URL("share.mjs", entry).href);

async function storeOf() {
  if (settings.sick !== undefined) return sick(settings.sick);
  const options = { callMs: 10_000 }; // a machine under load is no fault of the store's
  if (settings.redis === undefined) return new FileStore(settings.directory, options);
  const { createClient } = await import("redis");
  const client = await createClient({ url: settings.redis }).connect();
  client.unref();
  return new RedisStore(client, options);
}

/** A client that fails in one way or another. */
function sick(how) {
  const call = {
    throws: () => {
      throw new Error("SENTINEL-sick");
    },
    rejects: () =>
      Promise.reject(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error("unreadable");
            },
          },
        ),
      ),
    hangs: () => new Promise(() => undefined),
    lies: () => Promise.resolve({ number: NaN, turnLeftMs: -1, won: "yes", stored: {} }),
  }[how];
  return { read: call, campaign: call, publish: call, resign: call };
}

const steps = [];
const session = new RefreshableSession({
  method: "custom",
  shareId: "processes",
  shareTurn: 30,
  shareWait: 60,
  refreshTimeout: 120,
  share: await storeOf(),
  shareKey: new Uint8Array(32).fill(7),
  customCredentialsMethod: async () => (await fetch(settings.source)).json(),
});
session.on("share", ({ share }) => steps.push(share));
const { accessKeyId } = await session.credentials();
// A publication is on its way; who goes alone makes none.
const isOver = () => steps.some((step) => ["published", "adopted", "alone"].includes(step));
for (const end = Date.now() + 60_000; !isOver() && Date.now() < end;) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(JSON.stringify({ accessKeyId, steps, share: session.status().share }));
session.close();
