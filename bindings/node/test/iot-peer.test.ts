import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LATE_MS } from "./support/patience.js";
import { StandIn } from "./support/stand-in.js";
import { run, root } from "./support/package.js";

let standIn: StandIn;
let home: string;

/** A directory with the package, and without aws-iot-device-sdk-v2. */
beforeAll(async () => {
  standIn = await StandIn.start();
  home = mkdtempSync(path.join(tmpdir(), "evercreds peer-"));
  for (const name of ["dist", "package.json"]) {
    cpSync(path.join(root, name), path.join(home, "node_modules/evercreds", name), {
      recursive: true,
    });
  }
  for (const name of ["@aws-sdk", "@smithy", "@types"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(home, "node_modules", name));
  }
});
afterAll(async () => {
  await standIn.stop();
  rmSync(home, { recursive: true });
});

/** Runs a program in that directory. */
async function program(name: string, text: string): Promise<unknown> {
  writeFileSync(path.join(home, name), text);
  const { stdout } = await run(process.execPath, [path.join(home, name)], { timeout: LATE_MS });
  return JSON.parse(stdout);
}

/** Uses what needs the package, and what does not. */
const use = () => `
  const iot = ${JSON.stringify(standIn.iot)};
  const told = (action) => { try { action(); } catch ({ code, parameter, message }) { return { code, parameter, message }; } };
  const session = new RefreshableSession(iot);
  session.credentials().then(({ accessKeyId }) => console.log(JSON.stringify({
    prefix: accessKeyId.slice(0, 4),
    token: told(() => new RefreshableSession({
      ...iot, privateKey: undefined, pkcs11: { pkcs11Lib: iot.ca, userPin: "97531" },
    })),
    mqtt: told(() => session.mqtt({ endpoint: "ID-ats.iot.us-east-1.amazonaws.com", clientId: "me" })),
  })));`;

const install = "aws-iot-device-sdk-v2; install it beside evercreds: npm install";
const expected = {
  prefix: "ASIA",
  token: {
    code: "configuration",
    parameter: "pkcs11",
    message: expect.stringContaining(`pkcs11 needs the package ${install}`) as string,
  },
  mqtt: {
    code: "configuration",
    message: expect.stringContaining(`mqtt() needs the package ${install}`) as string,
  },
};

test("without the package, what needs it says so, and PEM goes on", async () => {
  const esm = `import { RefreshableSession } from "evercreds";${use()}`;
  expect(await program("use.mjs", esm)).toEqual(expected);
  const cjs = `const { RefreshableSession } = require("evercreds");${use()}`;
  expect(await program("use.cjs", cjs)).toEqual(expected);
});

test("a package that cannot be loaded, as on a system that it has no native code for", async () => {
  const peer = path.join(home, "node_modules/aws-iot-device-sdk-v2");
  mkdirSync(peer);
  writeFileSync(path.join(peer, "index.js"), 'throw new TypeError("SENTINEL");');
  const esm = `import { RefreshableSession } from "evercreds";${use()}`;
  const { mqtt } = (await program("broken.mjs", esm).finally(() => {
    rmSync(peer, { recursive: true });
  })) as typeof expected;
  expect(mqtt).toMatchObject({
    code: "configuration",
    message: expect.stringContaining("cannot be loaded (TypeError): it has native code") as string,
  });
});

// its native code ends the process once a second thread makes a request with it
test("worker threads are told that they cannot use it", async () => {
  const text = `import { Worker, isMainThread } from "node:worker_threads";
    import { RefreshableSession } from "evercreds";
    if (isMainThread) new Worker(new URL(import.meta.url));
    else { ${use()} }`;
  const { prefix, token, mqtt } = (await program("worker.mjs", text)) as typeof expected;
  expect(prefix).toBe("ASIA");
  for (const { code, message } of [token, mqtt]) {
    expect(code).toBe("configuration");
    expect(message).toMatch(/^(pkcs11|mqtt\(\)) works in the main thread alone/);
  }
});

test("bundles for Node need it no more than that, and do not have it in them", async () => {
  const entry = path.join(home, "entry.mjs");
  writeFileSync(entry, `import { RefreshableSession } from "evercreds";${use()}`);
  cpSync(path.join(root, "dist/evercreds.wasm"), path.join(home, "evercreds.wasm"));
  await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "node",
    outfile: path.join(home, "bundle.mjs"),
    logLevel: "silent",
    // what the SDK's own modules, which are CommonJS, ask for
    banner: {
      js: 'import { createRequire as make } from "node:module"; const require = make(import.meta.url);',
    },
  });
  const { stdout } = await run(process.execPath, [path.join(home, "bundle.mjs")]);
  expect(JSON.parse(stdout)).toEqual(expected);
});

test("bundles for browsers have nothing of it", async () => {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "evercreds";', resolveDir: home },
    bundle: true,
    format: "esm",
    platform: "browser",
    external: ["@aws-sdk/client-sts"],
    write: false,
  });
  const text = outputFiles[0]?.text ?? "";
  expect(text).toContain("RefreshableSession");
  for (const word of [
    "createRequire",
    "aws-iot-device-sdk-v2;",
    "ClientTlsContext",
    "Mqtt5Client(",
    "node:",
  ]) {
    expect(text).not.toContain(word);
  }
});

test("types need it no more: declarations are checked as well", async () => {
  const text = `import { RefreshableSession, type MqttClient, type MqttOptions } from "evercreds";
    const session = new RefreshableSession({
      method: "iot", endpoint: "e", roleAlias: "r", certificate: "c",
      pkcs11: { pkcs11Lib: "l", userPin: "p" }, verifyPeer: true, durationSeconds: 900,
    });
    const options: MqttOptions = { endpoint: "e", clientId: "c", transport: "ws" };
    export const client: MqttClient = session.mqtt({ ...options, clientConfig: { pingTimeoutMs: 3000 } });
    // @ts-expect-error an option that does not exist
    session.mqtt({ ...options, keep_alive: 60 });`;
  for (const name of ["types.mts", "types.cts"]) writeFileSync(path.join(home, name), text);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, target: "es2022", module: "nodenext" },
    ...{ types: ["node"], lib: ["es2023", "dom", "esnext.disposable"] },
  };
  const check = async () => {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    await run(process.execPath, [tsc, "-p", home]).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  };
  const config = { compilerOptions, files: ["types.mts", "types.cts"] };
  writeFileSync(path.join(home, "tsconfig.json"), JSON.stringify(config));
  await check();
  // and with it they are its own
  const peer = path.join(home, "node_modules/aws-iot-device-sdk-v2");
  symlinkSync(path.join(root, "node_modules/aws-iot-device-sdk-v2"), peer);
  const wrong = `${text}
    // @ts-expect-error a type that does not fit
    session.mqtt({ ...options, clientConfig: { pingTimeoutMs: "3000" } });`;
  writeFileSync(path.join(home, "types.mts"), wrong);
  await check().finally(() => {
    rmSync(peer);
  });
});
