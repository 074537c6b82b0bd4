const { ListBucketsCommand, S3Client } = require("@aws-sdk/client-s3");
const { EvercredsError, RefreshableSession } = require("evercreds");

const { ROLE_ARN: RoleArn, SIGNED } = process.env;
const signed = async () => (await fetch(SIGNED)).json();

test(
  "a session's calls are signed with one set after the other",
  async () => {
    const session = new RefreshableSession({ assumeRole: { RoleArn } });
    const s3 = session.client(S3Client);
    await s3.send(new ListBucketsCommand({}));
    await session.refresh();
    await s3.send(new ListBucketsCommand({}));
    expect((await session.whoami()).Arn).toContain(":assumed-role/");
    expect((await signed()).sets).toBeGreaterThanOrEqual(2);
    session.close();
  },
  60_000,
);

test(
  "a refresh under fake timers that go on by themselves",
  async () => {
    jest.useFakeTimers({ advanceTimers: true });
    const session = new RefreshableSession({ assumeRole: { RoleArn } });
    await session.refresh();
    expect(session.status().counters.installs).toBe(1);
    session.close();
    jest.useRealTimers();
  },
  60_000,
);

test("errors are ours, in Jest's own realm", () => {
  expect(() => new RefreshableSession({ method: "x" })).toThrow(EvercredsError);
});
