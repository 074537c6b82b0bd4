// The programs that the pages show: each runs as it stands, on the stand-in.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./support/package.js";
import { StandIn } from "./support/stand-in.js";

const folder = path.join(root, "../../docs/snippets/node");
// Those with "test" in their names are tests of their own (users/node/testing-page).
const snippets = readdirSync(folder).filter((name) => /^[^.]+\.mjs$/.test(name));

let aws: StandIn;
let home: string;
beforeAll(async () => {
  aws = await StandIn.start();
  home = mkdtempSync(path.join(tmpdir(), "evercreds-snippets-"));
  const { certificate, privateKey } = aws.iot;
  copyFileSync(certificate, path.join(home, "certificate.pem.crt"));
  copyFileSync(privateKey, path.join(home, "private.pem.key"));
  // in the place of a key that shows codes: six digits, others each time
  const ykman = path.join(home, "bin/ykman");
  mkdirSync(path.dirname(ykman));
  const code = "console.log(String(process.hrtime.bigint() / 1000n).slice(-6))";
  writeFileSync(ykman, `#!/bin/sh\nexec '${process.execPath}' -e '${code}'\n`);
  chmodSync(ykman, 0o755);
});
afterAll(async () => {
  rmSync(home, { recursive: true });
  await aws.stop();
});

/** Runs programs one after the other in one process; gives what it said of the one that failed. */
async function runAll(files: string[]): Promise<string> {
  const urls = files.map((file) => pathToFileURL(file).href);
  const program = `
    for (const url of ${JSON.stringify(urls)}) {
      await import(url).catch((error) => { console.error(url, error); process.exit(1); });
    }
    process.exit(0);`;
  const { credentials, endpoint, region } = aws.client;
  const hook = path.join(root, "../../tools/run/node-resolve.cjs");
  const child = spawn(
    process.execPath,
    ["--require", hook, "--input-type=module", "--eval", program],
    {
      cwd: home,
      env: {
        PATH: `${home}/bin${path.delimiter}${process.env["PATH"] ?? ""}`,
        HOME: home,
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      },
    },
  );
  child.stdin.end("123456\n"); // for who asks a person
  child.stdout.resume();
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return status === 0 ? "" : said || `exit ${String(status)}`;
}

test("the programs of the pages run", { timeout: 300_000 }, async () => {
  expect(snippets.length).toBeGreaterThan(10);
  expect(await runAll(snippets.map((name) => path.join(folder, name)))).toBe("");
});

test("one that fails is named", { timeout: 300_000 }, async () => {
  const wrong = path.join(home, "wrong.mjs");
  writeFileSync(wrong, 'import { noSuchName } from "evercreds";');
  expect(await runAll([wrong])).toMatch(/wrong\.mjs.*noSuchName/s);
});
