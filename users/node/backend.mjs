// The backend that gives credentials to what runs at the edge: it alone has the base keys.
import { createServer } from "node:http";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { roleArn } from "./refreshed.mjs";

/** Serves on loopback. Gives its address, and a function that ends it. */
export async function backend() {
  const sts = new STSClient({});
  const assume = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "edge" });
  const server = createServer((_request, response) => {
    sts.send(assume).then(
      ({ Credentials: set }) =>
        response.end(
          JSON.stringify({
            accessKey: set.AccessKeyId,
            secretKey: set.SecretAccessKey,
            token: set.SessionToken,
            expiryTime: set.Expiration,
          }),
        ),
      (error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
