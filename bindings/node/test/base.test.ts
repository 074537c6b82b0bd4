// Who a session is, and what it is given: that stays the caller's.
import { S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(() => standIn.stop());

const SerialNumber = "arn:aws:iam::123456789012:mfa/a";
const roleOf = (arn: string | undefined) => arn?.split("/").at(-2);

test("the session's own client of STS is the assumed role, also after it was evicted", async () => {
  const RoleArn = standIn.role("evicted");
  const session = new RefreshableSession({
    assumeRole: { RoleArn },
    stsClient: standIn.client,
  });
  const { endpoint, region } = standIn.client;
  for (let i = 0; i < 3; i++) {
    const sts = session.client(STSClient, { endpoint, region }, { maxSize: 1 });
    expect(roleOf((await sts.send(new GetCallerIdentityCommand({}))).Arn)).toBe("evicted");
    expect(roleOf((await session.whoami()).Arn)).toBe("evicted");
    session.client(S3Client, { region }); // takes its place
  }
  session.close();
});

test("two sessions on the same settings sign as themselves, and leave the settings alone", async () => {
  const stsClient = Object.freeze({ ...standIn.client });
  const names = ["first-of-two", "second-of-two"];
  const sessions = names.map((name) => {
    const assumeRole = Object.freeze({ RoleArn: standIn.role(name), SerialNumber });
    const mfaTokenProvider = () => String(100_000 + Math.floor(Math.random() * 900_000));
    return new RefreshableSession({ assumeRole, stsClient, mfaTokenProvider });
  });
  await Promise.all(sessions.map((session) => session.refresh()));
  const identities = await Promise.all(sessions.map((session) => session.whoami()));
  expect(identities.map(({ Arn }) => roleOf(Arn))).toEqual(names);
  expect(stsClient).toMatchObject(standIn.client); // the SDK notes things on credentials
  for (const session of sessions) session.close();
});

test("base credentials are asked for again once they are old", async () => {
  let asked = 0;
  const { credentials, ...settings } = standIn.client;
  const base = () => {
    asked++;
    return Promise.resolve({ ...credentials, expiration: new Date(Date.now() + 1000) });
  };
  const session = new RefreshableSession({
    assumeRole: { RoleArn: standIn.role("rotated") },
    stsClient: { ...settings, credentials: base },
  });
  await session.credentials();
  const before = asked;
  await session.refresh();
  expect(asked).toBeGreaterThan(before);
  session.close();
});

test("a code that was sent is not sent again", async () => {
  const RoleArn = standIn.role("same-code");
  const session = new RefreshableSession({
    assumeRole: { RoleArn, SerialNumber },
    stsClient: standIn.client,
    mfaTokenProvider: () => "123456",
  });
  await session.credentials();
  await expect(session.refresh()).rejects.toMatchObject({
    class: "recoverable",
    message: expect.stringContaining("was sent already") as string,
  });
  expect((await standIn.asked(RoleArn)).attempts).toBe(1);
  session.close();
});

test("roles are chained: the child signs with what its parent has at that time", async () => {
  const [parentRole, childRole] = [standIn.role("parent"), standIn.role("child")];
  const parent = new RefreshableSession({
    assumeRole: { RoleArn: parentRole },
    stsClient: standIn.client,
  });
  const child = new RefreshableSession({
    assumeRole: { RoleArn: childRole },
    stsClient: { ...standIn.client, credentials: parent.credentials },
  });
  expect(roleOf((await child.whoami()).Arn)).toBe("child");
  await standIn.revoke((await parent.credentials()).accessKeyId);
  await child.refresh(); // STS rejects the parent's set, the parent fetches another
  expect(roleOf((await child.whoami()).Arn)).toBe("child");
  expect((await standIn.asked(parentRole)).successes).toBe(2);
  expect((await standIn.asked(childRole)).successes).toBe(2);
  expect(parent.status().counters.rejections).toBe(1);
  await standIn.revoke((await child.credentials()).accessKeyId);
  expect(roleOf((await child.whoami()).Arn)).toBe("child"); // and so does the child
  child.close();
  parent.close();
});
