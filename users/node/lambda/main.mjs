// A Lambda function's handler, bundled by esbuild, is invoked over several lifetimes: the session
// stands outside of it, and refreshes within an invocation.
// title: AWS Lambda, a handler
// framework: esbuild
// environment: bundlers
import { build } from "esbuild";
import { refreshed } from "./refreshed.mjs";

await build({
  entryPoints: ["handler.mjs"],
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  outfile: "out/index.cjs",
});
process.env.AWS_LAMBDA_FUNCTION_NAME = "app"; // as the service sets it
const { handler } = (await import("./out/index.cjs")).default;
await refreshed(handler, { sets: 2 });
