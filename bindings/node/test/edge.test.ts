import { EdgeVM } from "@edge-runtime/vm";
import type { Plugin } from "esbuild";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, withoutDom } from "./support/bundle.js";
import { StandIn } from "./support/stand-in.js";
import { wasmFile } from "./support/wasm.js";
import { site, WebServer } from "./support/web.js";

let standIn: StandIn;
let backend: WebServer;
let role: string;
const module = new WebAssembly.Module(readFileSync(wasmFile));

beforeAll(async () => {
  standIn = await StandIn.start("--lifetime", "8s");
  role = standIn.role("edge");
  backend = await WebServer.start(site(new Map(), standIn, role));
});
afterAll(async () => {
  await Promise.all([backend.stop(), standIn.stop()]);
});

/** Takes away what edge runtimes may lack, by their kinds and their age. */
const OLDER = `
  delete globalThis.FinalizationRegistry;
  delete globalThis.WeakRef;
  const whole = Symbol;
  globalThis.Symbol = Object.assign((text) => whole(text), { for: (name) => whole.for(name) });
  for (const name of Object.getOwnPropertyNames(whole)) {
    if (typeof whole[name] === "symbol" && name !== "dispose") Symbol[name] = whole[name];
  }`;

interface Given {
  before?: string;
  plugins?: Plugin[];
  alias?: Record<string, string>;
}

/**
 * A runtime with a program of test/programs in it: the web's globals and nothing of
 * Node's, and neither eval nor the compiling of WebAssembly from bytes.
 */
async function edge(conditions: string[], given: Given = {}): Promise<EdgeVM> {
  const { before = "", plugins = [], alias = withoutDom } = given;
  const mainFields = ["browser", "module", "main"];
  const files = await bundle(["edge"], { conditions, mainFields, plugins, alias, format: "iife" });
  const code = new TextDecoder().decode(files.get("/edge.js"));
  expect(code).not.toMatch(/["']node:/);
  const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
  (vm.context as unknown as Record<string, unknown>)["compiledModule"] = module;
  vm.evaluate(before);
  vm.evaluate(code);
  return vm;
}

interface Result {
  sent: number;
  installs: number;
}

async function serve(vm: EdgeVM): Promise<Result> {
  const { context } = vm as unknown as {
    context: { serve(given: object): Promise<Result> };
  };
  return context.serve({ module, backend: backend.origin, s3: standIn.s3, sets: 2 });
}

describe("an edge runtime, with the module as compiled by its surroundings", () => {
  test.each([[["workerd", "worker"]], [["edge-light"]], [["browser"]], [[]]])(
    "under the conditions %j: signed calls over a refresh and a rejection",
    async (conditions) => {
      const { successes } = await standIn.asked(role);
      const result = await serve(await edge(conditions));
      expect(result).toMatchObject({ failures: 0, rejections: 1, process: "undefined" });
      expect(result.sent).toBeGreaterThan(1);
      // two sets, and one in the place of the rejected
      expect(result.installs).toBeGreaterThanOrEqual(3);
      expect((await standIn.asked(role)).successes - successes).toBe(result.installs);
    },
  );

  test("without weak references, and without a symbol for disposing", async () => {
    const vm = await edge(["workerd"], { before: OLDER });
    const told = vm.evaluate<string[]>(`[
      typeof WeakRef, typeof FinalizationRegistry, typeof Symbol.dispose,
      typeof RefreshableSession.prototype[Symbol.for("Symbol.dispose")],
    ]`);
    expect(told).toEqual(["undefined", "undefined", "undefined", "function"]);
    expect(await serve(vm)).toMatchObject({ failures: 0, rejections: 1 });
  });

  /** As Cloudflare's and Vercel's tools do: what is imported is the compiled module. */
  const compiling: Plugin = {
    name: "compiling",
    setup(build) {
      const namespace = "compiled";
      build.onResolve({ filter: /[.]wasm([?]module)?$/ }, ({ path }) => ({ path, namespace }));
      build.onLoad({ filter: /.*/, namespace }, () => ({
        contents: "export default globalThis.compiledModule;",
      }));
    },
  };

  test.each([["workerd"], ["edge-light"]])(
    "under the condition %s: the package finds the module by itself",
    async (condition) => {
      const vm = await edge([condition], { plugins: [compiling] });
      expect(
        vm.evaluate<string>(`new RefreshableSession({
          method: "custom", customCredentialsMethod: () => ({}),
        }).status().phase`),
      ).toBe("empty");
    },
  );

  test("sts runs where the SDK reads XML without a DOMParser, and else says what to write", async () => {
    const { region, endpoint, credentials } = standIn.client;
    const given = JSON.stringify({ region, endpoint, credentials });
    const ask = (vm: EdgeVM) =>
      vm.evaluate<Promise<string>>(`(async () => {
        const session = new RefreshableSession({
          assumeRole: { RoleArn: ${JSON.stringify(role)} }, stsClient: ${given}, maxWait: 0,
        });
        const told = await session.whoami().then(({ Arn }) => Arn, ({ message }) => message);
        session.close();
        return told;
      })()`);
    const plugins = [compiling];
    expect(await ask(await edge(["workerd"], { plugins }))).toMatch(/assumed-role\/edge/);
    const told = await ask(await edge(["workerd"], { plugins, alias: {} }));
    expect(told).toContain(`an alias: "@aws-sdk/xml-builder"`);
    expect(told).toContain(role);
  });

  test("without the module, it says what it wants", async () => {
    const vm = await edge(["workerd"]);
    const told = vm.evaluate<Promise<string>>("serve({}).catch(({ message }) => message)");
    expect(await told).toContain("module must be a compiled WebAssembly.Module");
  });
});

test("a bundle for pages that runs in Node says how to make one for Node", async () => {
  const files = await bundle(["edge"], { alias: withoutDom, format: "iife" });
  const ask = `
    try {
      new RefreshableSession({ method: "custom", customCredentialsMethod: () => ({}) });
    } catch ({ message }) {
      console.log(message);
    }`;
  const input = new TextDecoder().decode(files.get("/edge.js")) + ask;
  const { stdout } = spawnSync(process.execPath, ["-"], { input, encoding: "utf8" });
  expect(stdout).toContain(
    'by the condition "node": esbuild --platform=node; webpack target: "node"',
  );
});

test("a runtime without WebAssembly is told as one", async () => {
  const vm = await edge(["workerd"], { before: "delete globalThis.WebAssembly;" });
  const told = vm.evaluate<Promise<string>>(
    "serve({ module: {} }).catch(({ message }) => message)",
  );
  expect(await told).toContain("this runtime has no WebAssembly");
});
