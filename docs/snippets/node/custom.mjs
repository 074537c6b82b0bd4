const vault = {
  read: (path, { signal }) => {
    signal.throwIfAborted();
    const end = new Date(Date.now() + 3_600_000).toISOString();
    return Promise.resolve({ accessKey: path, secretKey: "s", token: "t", end });
  },
};

import { RefreshableSession } from "evercreds";

const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async ({ signal }) => {
    const lease = await vault.read("aws/job", { signal });
    return {
      accessKeyId: lease.accessKey,
      secretAccessKey: lease.secretKey,
      sessionToken: lease.token,
      expiration: lease.end, // a Date, or RFC 3339 text with an offset; null: it never ends
    };
  },
});
const { accessKeyId } = await session.credentials();
if (accessKeyId !== "aws/job") throw new Error(accessKeyId);
