// A worker as Wrangler bundles it, without a setting for the module, runs in the workerd that
// Wrangler brings: `wrangler dev`.
// title: Wrangler (Cloudflare Workers)
// framework: wrangler
// environment: edges
// moto: yes
import { backend } from "./backend.mjs";
import { refreshed } from "./refreshed.mjs";

// before the import, which reads them
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
});
const { unstable_dev } = await import("wrangler");

const behind = await backend();
const { AWS_REGION, AWS_ENDPOINT_URL } = process.env;
const worker = await unstable_dev("edge.mjs", {
  config: "wrangler.json",
  ip: "127.0.0.1",
  local: true,
  vars: { BACKEND: behind.url, AWS_REGION, AWS_ENDPOINT_URL },
  experimental: { disableExperimentalWarning: true, testMode: true },
});
try {
  const ask = async () => {
    const response = await worker.fetch("/");
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  };
  // several at a time: those that come within a refresh wait for it
  await refreshed(() => Promise.all(Array.from({ length: 8 }, ask)));
} finally {
  await worker.stop();
  behind.close();
}
