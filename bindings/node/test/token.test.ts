import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { Pkcs11Options } from "../src/index.js";
import { LATE_MS } from "./support/patience.js";
import {
  addKeys,
  addToken,
  makeToken,
  module,
  noSoftHsm,
  PIN,
  SO_PIN,
  tokenSession,
  util,
} from "./support/softhsm.js";
import { StandIn } from "./support/stand-in.js";
import { failureOf } from "./support/session.js";

const WRONG = "1111111";

const LABELS = ["wrong pin", "no pin", "pad", "pad wrong", "twins", "comes back"];
const slots = new Map<string, number>();

let standIn: StandIn;
let home: string;
beforeAll(async () => {
  standIn = await StandIn.start();
  home = mkdtempSync(path.join(tmpdir(), "evercreds token-"));
  if (noSoftHsm !== undefined) return;
  makeToken(home, standIn);
  for (const label of LABELS) slots.set(label, addToken(label, standIn).slotId);
  util("--init-token", "--free", "--label", "twins", "--so-pin", SO_PIN, "--pin", PIN);
});
afterAll(async () => {
  await standIn.stop();
  rmSync(home, { recursive: true });
});
afterEach(() => {
  for (const name of ["removed", "pad"]) module.drop(name);
});

const open = (changes: Partial<Pkcs11Options>) =>
  new RefreshableSession(tokenSession(standIn, "ec", changes));

/** How often a token is asked for a login by what is done here. */
async function loginsBy(action: () => Promise<unknown>): Promise<number> {
  const before = module.logins();
  await action();
  return module.logins() - before;
}

const mqtt = { endpoint: "x-ats.iot.us-east-1.amazonaws.com", clientId: "me" };

describe.skipIf(noSoftHsm !== undefined)(`a token as real ones are ${noSoftHsm ?? ""}`, () => {
  test("callers A to H have a wrong PIN, and try again by label, by slot and for MQTT: the token is asked once", async () => {
    const slotId = slots.get("wrong pin");
    const given = { tokenLabel: "wrong pin", userPin: WRONG };
    const errors: Error[] = [];
    const logins = await loginsBy(async () => {
      const sessions = Array.from({ length: 8 }, () => open(given));
      errors.push(...(await Promise.all(sessions.map((s) => failureOf(s.refresh())))));
      for (const session of sessions) errors.push(await failureOf(session.refresh()));
      for (const more of [
        { slotId },
        { slotId, tokenLabel: undefined },
        { privateKeyLabel: "rsa" },
      ]) {
        errors.push(await failureOf(open({ ...given, ...more }).refresh()));
      }
      try {
        open(given).mqtt(mqtt);
      } catch (error) {
        expect(error).toMatchObject({ code: "configuration", parameter: "pkcs11.userPin" });
        errors.push(error as Error);
      }
    });
    expect(logins).toBe(1);
    expect(errors).toHaveLength(8 + 8 + 3 + 1);
    for (const error of errors) {
      expect(error).toMatchObject({ class: "permanent" });
      expect(error.message).toMatch(
        /the token .*refused the PIN .* does not show it that one again/,
      );
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(WRONG);
    }
    // another PIN is given
    expect(await loginsBy(() => failureOf(open({ ...given, userPin: "2222222" }).refresh()))).toBe(
      1,
    );
    await open({ ...given, userPin: PIN }).refresh();
    expect(await loginsBy(() => failureOf(open(given).refresh()))).toBe(0);
  });

  test("no PIN is given: none is sent, and the pad of the token asks for it, if it has one", async () => {
    const given = { tokenLabel: "no pin", userPin: undefined };
    for (const logins of [1, 0]) {
      const asked = loginsBy(async () => {
        const error = await failureOf(open(given).refresh());
        expect(error).toMatchObject({ class: "permanent" });
        expect(error.message).toContain('pkcs11.userPin must be given: the token "no pin"');
      });
      expect(await asked).toBe(logins);
    }
    module.put("pad", PIN);
    await open({ tokenLabel: "pad", userPin: undefined }).credentials();
  });

  test("the PIN on the pad is wrong: it is asked for once", async () => {
    module.put("pad", WRONG);
    const given = { tokenLabel: "pad wrong", userPin: undefined };
    const logins = await loginsBy(async () => {
      for (let turn = 0; turn < 3; turn++) await failureOf(open(given).refresh());
    });
    expect(logins).toBe(1);
  });

  test("two tokens have one label: neither is shown a PIN", async () => {
    const slotId = slots.get("twins");
    const logins = await loginsBy(async () => {
      const error = await failureOf(open({ tokenLabel: "twins" }).refresh());
      expect(error.message).toContain(
        'pkcs11: the token "twins" is not there, or is more than one',
      );
    });
    expect(logins).toBe(0);
    await open({ tokenLabel: "twins", slotId }).credentials();
  });

  test("caller A refreshes; the token is taken out: the error blames the token; it is put back, pulled, reset, made anew: each time the next refresh succeeds", async () => {
    const label = "comes back";
    const other = open({}); // of another token, by the same library
    await other.refresh();
    const session = open({ tokenLabel: label });
    const refreshed = async () => {
      const from = performance.now();
      await session.refresh();
      expect(performance.now() - from).toBeLessThan(LATE_MS);
    };
    await refreshed();
    for (let turn = 0; turn < 2; turn++) {
      module.put("removed");
      for (let call = 0; call < 2; call++) {
        const error = await failureOf(session.refresh());
        expect(error).toMatchObject({ code: "source", class: "recoverable" });
        expect(error.message).toContain('pkcs11: the token "comes back"');
        expect(error.message).not.toMatch(/endpoint|no reply/);
      }
      module.drop("removed");
      await refreshed();
    }
    appendFileSync(path.join(home, "told", "pulls"), "x");
    await refreshed();
    const pins = ["--so-pin", SO_PIN, "--pin", PIN];
    // a library of several tokens is begun anew once a second at most, for the others' sake
    const aSecondLater = () => new Promise((passed) => setTimeout(passed, 1100));
    await aSecondLater();
    util("--init-token", "--token", label, "--label", label, ...pins);
    addKeys(label, standIn);
    await refreshed();
    await aSecondLater();
    util("--delete-token", "--token", label);
    await failureOf(session.refresh());
    await aSecondLater();
    util("--init-token", "--free", "--label", label, ...pins);
    addKeys(label, standIn);
    await refreshed();
    await other.refresh();
  });
});
