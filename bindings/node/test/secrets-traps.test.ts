import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as abi from "../src/library/abi-generated.js";
import { runForCode } from "../src/sources/command.js";
import { Rules } from "../src/library/rules.js";
import type { Exports, Runtime } from "../src/library/runtime.js";
import { Instances } from "./support/memory.js";
import { CODE, SECRETS, secretive } from "./support/secrets.js";
import { freshRuntime, panicFile } from "./support/wasm.js";

let instances: Instances;
beforeEach(() => {
  instances = new Instances();
});
afterEach(() => {
  instances.stop();
});

describe.skipIf(panicFile === undefined)("after its death a module's memory has no secret", () => {
  type Broken = Exports & {
    evercreds_test_panic(session: number): number;
    evercreds_test_fatal(): number;
  };
  const fatal = (runtime: Runtime) => {
    expect(() => runtime.run(undefined, (x) => (x as Broken).evercreds_test_fatal())).toThrow();
  };

  test("with sets held, an attempt under way, and sessions rebuilt again and again", async () => {
    const runtime = freshRuntime(panicFile);
    const { session, clock, source, set } = secretive(runtime);
    for (let death = 0; death < 3; death++) {
      await session.refresh();
      source.answer = () => clock.sleep(1000).then(() => set());
      const waiting = session.refresh();
      await clock.settled();
      fatal(runtime);
      await session.credentials();
      await clock.advance(1000);
      await waiting.catch(() => undefined);
      source.answer = () => set();
    }
    expect(runtime.generation).toBe(3);
    instances.expectNone(SECRETS, 4);
  });

  test("a panic that only the session dies of", async () => {
    const runtime = freshRuntime(panicFile);
    const { session } = secretive(runtime);
    await session.credentials();
    const panicked = runtime.run(undefined, (x) => {
      const next = x.evercreds_session_new(); // the session's own handle is the one before
      return (x as Broken).evercreds_test_panic(next - 1);
    });
    expect(panicked).toBe(abi.Result.ERR_PANIC);
    await session.refresh();
    expect(session.status().counters.installs).toBe(2);
    instances.expectNone(SECRETS, 1);
  });

  const { "secret key": key } = SECRETS;
  test.each<[keyof Exports, (rules: Rules) => unknown]>([
    ["evercreds_rule_expiry", (rules) => rules.expiry(key, "expiry")],
    ["evercreds_rule_error_class", (rules) => rules.errorClass(2, 400, key)],
    ["evercreds_rule_mfa_code", (rules) => rules.mfaCode(Buffer.from(`${key}\n${CODE}\n`))],
    ["evercreds_rule_iot_endpoint", (rules) => rules.iotEndpoint(key)],
    ["evercreds_rule_evidence", (rules) => rules.evidence(key, 400, false)],
  ])("in the midst of %s, which was given one", (rule, call) => {
    const runtime = freshRuntime(panicFile);
    instances.dieIn(rule);
    try {
      call(new Rules(runtime));
    } catch (error) {
      expect(error).toHaveProperty("name", "Trap");
    }
    expect(runtime.generation).toBe(1);
    instances.expectNone(SECRETS, 1);
  });

  test("a command's output that the module died over: the next refresh has a code", async () => {
    const runtime = freshRuntime(panicFile);
    const said = `${key} ${CODE}`;
    const command = {
      ...{ program: process.execPath, args: ["-e", `console.log(${JSON.stringify(said)})`] },
      ...{ attended: false, cwd: undefined, env: undefined, timeoutMs: undefined },
    };
    const attempt = { signal: new AbortController().signal };
    instances.dieIn("evercreds_rule_mfa_code");
    await expect(runForCode(command, new Rules(runtime), attempt)).rejects.toBeDefined();
    expect(await runForCode(command, new Rules(runtime), attempt)).toBe(CODE);
    instances.expectNone(SECRETS, 2);
  });
});
