import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Home, run } from "./support/package.js";
import { StandIn } from "./support/stand-in.js";

/** Where nothing is but Node: no Go, no Python, no compiler, no shell. */
let bare: NodeJS.ProcessEnv;
let home: Home;
let standIn: StandIn;

beforeAll(async () => {
  [home, standIn] = await Promise.all([Home.make(), StandIn.start()]);
  const bin = path.join(home.path, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, path.join(bin, "node"));
  bare = { PATH: bin, HOME: home.path, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  home.write("package.json", '{ "private": true }');
  // npm finds the peer in place, and asks no registry for it
  home.copyWithDependencies("@aws-sdk/client-sts");
  const npm = execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
  const flags = ["--offline", "--no-audit", "--no-fund", "--foreground-scripts"];
  await run(npm, ["install", ...flags, home.tarball], { cwd: home.path, env: bare });
});
afterAll(async () => {
  home.remove();
  await standIn.stop();
});

/** As Jest runs CommonJS: each module compiled in a vm, where there is no import(). */
const AS_JEST = `
  const { readFileSync } = require("node:fs");
  const { createRequire } = require("node:module");
  const { compileFunction } = require("node:vm");
  const modules = new Map();
  const load = (filename) => {
    const known = modules.get(filename);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(filename, module);
    const inner = createRequire(filename);
    const names = ["module", "exports", "require", "__filename", "__dirname"];
    const run = compileFunction(readFileSync(filename, "utf8"), names, { filename });
    const own = (name) => {
      const found = inner.resolve(name);
      return /evercreds.dist/.test(found) ? load(found) : inner(found);
    };
    run(module, module.exports, own, filename, require("node:path").dirname(filename));
    return module.exports;
  };
  const { RefreshableSession } = load(require.resolve("evercreds"));
  const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");`;

describe("the package, installed by npm with its peer where there is only Node", () => {
  test("has its peer, and needs nothing else", () => {
    const file = path.join(home.path, "node_modules/.package-lock.json");
    const { packages } = JSON.parse(readFileSync(file, "utf8")) as {
      packages: Record<string, Record<string, unknown> | undefined>;
    };
    const installed = packages["node_modules/evercreds"];
    expect(installed?.["hasInstallScript"]).toBeUndefined();
    expect(installed?.["dependencies"]).toBeUndefined();
    expect(installed?.["peerDependencies"]).toHaveProperty("@aws-sdk/client-sts");
    expect(packages["node_modules/@aws-sdk/client-sts"]).toBeDefined();
  });

  test.each([
    [
      "use.mjs",
      'import { RefreshableSession } from "evercreds"; import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";',
    ],
    [
      "use.cjs",
      'const { RefreshableSession } = require("evercreds"); const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");',
    ],
    ["jest.cjs", AS_JEST],
  ])("%s: signed calls over a refresh", async (name, imports) => {
    const role = standIn.role(`installed-${name.replace(".", "-")}`);
    const text = `${imports}
      const { stsClient, role, settings } = JSON.parse(process.env.STAND_IN);
      const session = new RefreshableSession({ assumeRole: { RoleArn: role }, stsClient });
      const sts = session.client(STSClient, settings);
      (async () => {
        console.log((await session.whoami()).Arn);
        await session.refresh();
        console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);
      })();`;
    const { credentials, ...settings } = standIn.client;
    const given = { stsClient: { ...settings, credentials }, role, settings };
    const env = { ...bare, STAND_IN: JSON.stringify(given) };
    const file = home.write(name, text);
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: home.path, env });
    expect(stderr).toBe("");
    const arn = expect.stringContaining(`assumed-role/${role.split("/").at(-1) ?? ""}/`) as string;
    expect(stdout.trim().split("\n")).toEqual([arn, arn]);
    expect(await standIn.asked(role)).toMatchObject({ attempts: 2, successes: 2 });
  });
});
