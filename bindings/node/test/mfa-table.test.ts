import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { StandIn } from "./support/stand-in.js";

/** What commands print and how they end, in a table that every language is held to. */
interface Row {
  name: string;
  command: string[];
  timeout_s?: number;
  class: "accepted" | "permanent" | "recoverable";
}

const { rows } = JSON.parse(
  readFileSync(new URL("../../../testdata/sources/mfa.json", import.meta.url), "utf8"),
) as { rows: Row[] };

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
});

test.skipIf(process.platform === "win32").each(rows.map((row): [string, Row] => [row.name, row]))(
  "a command that prints %s",
  async (_name, row) => {
    const session = new RefreshableSession({
      stsClient: standIn.client,
      assumeRole: {
        RoleArn: standIn.role("mfa-table"),
        SerialNumber: "arn:aws:iam::123456789012:mfa/me",
      },
      mfaTokenProvider: row.command,
      ...(row.timeout_s !== undefined && { mfaCommandOptions: { timeout: row.timeout_s } }),
      maxWait: 0,
    });
    const outcome: unknown = await session.credentials().then(
      () => "accepted",
      (error: unknown) => (error as { class: string }).class,
    );
    expect(outcome).toBe(row.class);
    session.close();
  },
);
