import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERSION } from "../src/library/version.js";
import { Home, run } from "./support/package.js";
import { StandIn } from "./support/stand-in.js";

let home: Home;
let standIn: StandIn;
beforeAll(async () => {
  [home, standIn] = await Promise.all([Home.make().then((made) => made.unpack()), StandIn.start()]);
  home.link("@aws-sdk", "@smithy");
  await otherVersion();
});
afterAll(async () => {
  home.remove();
  await standIn.stop();
});

/** Another version, beside the one under test: this very code under another number. */
async function otherVersion(): Promise<void> {
  const target = path.join(home.path, "node_modules/evercreds-other");
  mkdirSync(target);
  await run("tar", ["-xzf", home.tarball, "-C", target, "--strip-components=1"]);
  const dist = path.join(target, "dist");
  for (const name of readdirSync(dist).filter((file) => /[.][cm]js$/.test(file))) {
    const file = path.join(dist, name);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(`"${VERSION}"`, '"0.0.1"'));
  }
}

const COPIES = `
  import { createRequire } from "node:module";
  import * as one from "evercreds";
  const other = OTHER;
  const { stsClient, role } = JSON.parse(process.env.GIVEN ?? "{}");
  const set = (n) => ({ accessKey: "AKIA" + n, secretKey: "s", token: "t", expiryTime: new Date(Date.now() + 3600_000) });
  const custom = (copy, customCredentialsMethod) =>
    new copy.RefreshableSession({ method: "custom", customCredentialsMethod, maxWait: 0 });
  const failure = (promise) => promise.then(() => undefined, (error) => error);
  const tell = (value) => console.log(JSON.stringify(value));`;

describe.each([
  ["ESM and CommonJS", 'createRequire(import.meta.url)("evercreds")'],
  ["two versions", 'await import("evercreds-other")'],
  ["two versions, of which one is CommonJS", 'createRequire(import.meta.url)("evercreds-other")'],
])("two copies in one process: %s", (name, other) => {
  const told = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> => {
    const file = `${name.replaceAll(/\W/g, "-")}.mjs`;
    return JSON.parse(await home.program(file, COPIES.replace("OTHER", other) + text, env));
  };

  test("errors of each are errors to both", async () => {
    const text = `
      const bad = (copy) => { try { new copy.RefreshableSession({ method: "x" }); } catch (error) { return error; } };
      class Own extends one.EvercredsError {}
      const from = (error) => [one, other].map((copy) =>
        [error instanceof copy.EvercredsError, error instanceof copy.EvercredsValidationError]);
      const down = await failure(custom(other, () => { throw new Error(); }).credentials());
      tell({
        same: one.EvercredsError === other.EvercredsError,
        wrong: [bad(one), bad(other)].map(from),
        down: from(down),
        strange: [new Error(), null, undefined, "text", {}].map(from),
        own: [new Own("source", "") instanceof Own, new Own("source", "") instanceof other.EvercredsError, down instanceof Own],
        errors: [bad(other) instanceof Error, down instanceof TypeError],
      });`;
    const no = [
      [false, false],
      [false, false],
    ];
    expect(await told(text)).toEqual({
      same: false,
      wrong: [
        [
          [true, true],
          [true, true],
        ],
        [
          [true, true],
          [true, true],
        ],
      ],
      down: [
        [true, false],
        [true, false],
      ],
      strange: [no, no, no, no, no],
      own: [true, true, false],
      errors: [true, false],
    });
  });

  test("a permanent error of the other's session is permanent", async () => {
    const text = `
      const inner = custom(other, () => { throw new other.EvercredsError("configuration", "no", { class: "permanent" }); });
      const outer = custom(one, () => inner.credentials());
      const error = await failure(outer.credentials());
      tell([error.class, error.message.includes("no")]);`;
    expect(await told(text)).toEqual(["permanent", true]);
  });

  test("sources that ask each other in a ring are refused at once", async () => {
    const text = `
      const a = custom(one, () => b.credentials());
      const b = custom(other, () => a.credentials());
      const codes = [];
      for (let error = await failure(a.credentials()); error; error = error.cause) codes.push(error.code + " " + error.class);
      tell(codes.at(-1));`;
    expect(await told(text)).toBe("reentrant permanent");
  });

  test("the other's session is the base of a chain: it is known as one", async () => {
    const text = `
      const hub = new other.RefreshableSession({ assumeRole: { RoleArn: role + "-hub" }, stsClient });
      const chain = { ...stsClient, credentials: hub.credentials };
      let refused;
      try {
        new one.RefreshableSession({ assumeRole: { RoleArn: role, DurationSeconds: 7200 }, stsClient: chain });
      } catch (error) { refused = error.parameter; }
      const app = new one.RefreshableSession({ assumeRole: { RoleArn: role }, stsClient: chain });
      await app.credentials();
      tell([refused, hub.status().counters.installs, app.status().counters.installs]);`;
    const given = { stsClient: standIn.client, role: standIn.role("copies") };
    const env = { GIVEN: JSON.stringify(given) };
    expect(await told(text, env)).toEqual(["assumeRole.DurationSeconds", 1, 1]);
  });

  test("no two sessions have one number", async () => {
    const text = `
      const { subscribe } = await import("node:diagnostics_channel");
      const numbers = [];
      subscribe("evercreds:refresh", ({ session }) => numbers.push(session));
      for (const copy of [one, other, one]) await custom(copy, () => set(1)).credentials();
      tell(numbers);`;
    expect(await told(text)).toEqual([1, 2, 3]);
  });
});
