// The table of devices' tokens that all languages are tested on (docs/guides/devices.md). Each row
// has a token and a process of its own, since SoftHSM has one state in a process.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MQTT_ENDPOINT } from "./support/mosquitto.js";
import { LATE_MS } from "./support/patience.js";
import {
  addToken,
  LABEL,
  makeToken,
  module,
  noSoftHsm,
  PIN,
  tokenSession,
} from "./support/softhsm.js";
import { StandIn } from "./support/stand-in.js";
import { run, built } from "./support/package.js";

interface Row {
  name: string;
  token?: "locked" | "pad" | "two" | "out";
  given?: Record<string, string | null>;
  expected: "accepted" | "refused for good" | "refused for now" | "refused when given";
  blames?: "pin" | "label" | "token" | "key" | "library";
  logins?: number;
  most_logins?: number;
}

const file = new URL("../../../internal/awstest/testdata/devices.json", import.meta.url);
const table = JSON.parse(readFileSync(file, "utf8")) as Row[];
const WORDS = {
  pin: "userPin",
  label: "tokenLabel",
  token: "token",
  key: "privateKeyLabel",
  library: "pkcs11Lib",
};
const NAMES: Record<string, string> = { ...WORDS, slot: "slotId" };

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(() => standIn.stop());

/** What a row's words stand for. */
function parameters(row: Row, slotId: number): Record<string, unknown> {
  const meant: Record<string, Record<string, unknown>> = {
    library: { none: "/none.so", text: standIn.iot.ca },
    label: { another: "another", empty: "" },
    slot: { its: slotId, none: 7 },
    pin: { wrong: "5550199", short: "9", empty: "" },
    key: { another: "another" },
  };
  const given = Object.entries(row.given ?? {});
  return Object.fromEntries<unknown>(
    given.map(([name, value]) => [
      String(NAMES[name]),
      value === null
        ? undefined
        : (meant[name]?.[value] ?? (expect.unreachable(`${name} ${value}`) as unknown)),
    ]),
  );
}

const PROGRAM = `
  const told = [];
  const tell = (error) => told.push([error.code, error.class, error.message]);
  for (let turn = 0; turn < (accepted ? 1 : 2); turn++) {
    let session;
    try { session = new RefreshableSession(options); } catch (error) { tell(error); continue; }
    for (let call = 0; call < (accepted ? 1 : 2); call++) await session.refresh().catch(tell);
    if (accepted) continue;
    try { session.mqtt(mqtt).close(); } catch (error) { tell(error); }
  }
  console.log(JSON.stringify(told));`;

describe.skipIf(noSoftHsm !== undefined)(`a row of the table ${noSoftHsm ?? ""}`, () => {
  test.each(table)("$name: $expected", async (row) => {
    const home = mkdtempSync(path.join(tmpdir(), "evercreds device-"));
    const { slotId } = makeToken(home, standIn, ["ec"]);
    if (row.token === "two") addToken(LABEL, standIn, []);
    if (row.token === "locked") module.put(`wrong.${slotId}`, "3");
    if (row.token === "pad") module.put("pad", PIN);
    if (row.token === "out") module.put("removed");
    const session = tokenSession(standIn, "ec");
    const pkcs11 = { ...session.pkcs11, ...parameters(row, slotId) };
    const options = { ...session, maxWait: 0, pkcs11 };
    const text = `import { RefreshableSession } from ${JSON.stringify(built)};
      const options = ${JSON.stringify(options)};
      const mqtt = ${JSON.stringify({ endpoint: MQTT_ENDPOINT, clientId: "me" })};
      const accepted = ${row.expected === "accepted"};${PROGRAM}`;
    const args = ["--input-type=module", "--eval", text];
    const { stdout } = await run(process.execPath, args, { timeout: LATE_MS });
    const told = JSON.parse(stdout) as [code: string, kind: string, message: string][];
    const calls = { accepted: 0, "refused when given": 2 }[row.expected as string] ?? 6;
    expect(told).toHaveLength(calls);
    for (const [code, kind, message] of told) {
      expect(message).toContain(WORDS[row.blames ?? "token"]);
      if (row.expected === "refused when given") expect(code).toBe("validation");
      else expect(kind).toBe(row.expected === "refused for good" ? "permanent" : "recoverable");
    }
    if (row.logins !== undefined) expect(module.logins()).toBe(row.logins);
    expect(module.logins()).toBeLessThanOrEqual(row.most_logins ?? Infinity);
    rmSync(home, { recursive: true });
  });
});
