// A process that gets credentials of a role once, and ends. Argument: by which library.
const role = { RoleArn: process.env.BENCH_ROLE, RoleSessionName: "bench" };
let set;
if (process.argv[2] === "evercreds") {
  const { RefreshableSession } = await import("evercreds");
  const session = new RefreshableSession({ assumeRole: role, stsClient: { region: "us-east-1" } });
  set = await session.credentials();
  session.close();
} else {
  const { fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
  set = await fromTemporaryCredentials({ params: role, clientConfig: { region: "us-east-1" } })();
}
if (!set.sessionToken) process.exit(1);
process.exit(0);
