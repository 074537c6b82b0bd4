// The README's program in CommonJS, on the package as published.
// title: Node, CommonJS
// framework: node
// short: yes
const { ListBucketsCommand, S3Client } = require("@aws-sdk/client-s3");
const { RefreshableSession } = require("evercreds");

async function main() {
  const { refreshed, roleArn } = await import("./refreshed.mjs");
  const session = new RefreshableSession({ assumeRole: { RoleArn: roleArn } });
  const s3 = session.client(S3Client);
  await refreshed(() => s3.send(new ListBucketsCommand({})));
  const { Arn } = await session.whoami();
  if (!Arn.includes(":assumed-role/node-cjs/")) throw new Error(Arn);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
