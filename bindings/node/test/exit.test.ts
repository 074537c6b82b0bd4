import { afterAll, beforeAll, expect, test } from "vitest";
import { StandIn } from "./support/stand-in.js";
import { run, built } from "./support/package.js";

let aws: StandIn;

beforeAll(async () => {
  aws = await StandIn.start("--lifetime", "6s");
});
afterAll(() => aws.stop());

// a hanging refresh would last for its time-out, which is a minute
test("a hanging refresh for which nobody waits does not hold the process up", async () => {
  const role = aws.role("exit");
  await aws.inject({ kind: "hang", role, remaining_max_ms: 5000 }); // not the first one
  const text = `
    import { RefreshableSession } from ${JSON.stringify(built)};
    const session = new RefreshableSession({
      assumeRole: { RoleArn: ${JSON.stringify(role)} },
      stsClient: ${JSON.stringify(aws.client)},
      deferRefresh: false, advisoryTimeout: 4, mandatoryTimeout: 0,
    });
    await session.credentials();
    setTimeout(() => console.log(session.status().refreshing), 3500);`;
  const program = ["--input-type=module", "--eval", text];
  const { stdout } = await run(process.execPath, program, { timeout: 50_000 });
  expect(stdout.trim()).toBe("true");
});
