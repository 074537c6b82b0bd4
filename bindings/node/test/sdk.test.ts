import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FinalizeRequestMiddleware } from "@smithy/types";
import type { RefreshableSession } from "../src/index.js";
import { virtualSession } from "./support/session.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
});

/** The access key that a client signed a request with; the answer does not count. */
async function signedWith(send: () => Promise<unknown>, client: S3Client | STSClient) {
  let seen: string | undefined;
  const look: FinalizeRequestMiddleware<object, object> = (next) => (args) => {
    const { headers } = args.request as { headers: Record<string, string> };
    seen = /Credential=([^/]+)/.exec(headers["authorization"] ?? "")?.[1];
    return next(args);
  };
  // the clients' stacks differ only in the types of what they carry
  const stack = client.middlewareStack as unknown as STSClient["middlewareStack"];
  stack.addRelativeTo(look as never, {
    name: "look",
    relation: "after",
    toMiddleware: "httpSigningMiddleware",
    override: true,
  });
  await send().catch(() => undefined);
  return seen;
}

const clients: [
  string,
  (session: RefreshableSession) => [S3Client | STSClient, () => Promise<unknown>],
][] = [
  [
    "S3",
    ({ credentials }) => {
      const s3 = new S3Client({ ...standIn.s3, credentials });
      return [s3, () => s3.send(new ListBucketsCommand({}))];
    },
  ],
  [
    "STS",
    ({ credentials }) => {
      const sts = new STSClient({ ...standIn.client, credentials });
      return [sts, () => sts.send(new GetCallerIdentityCommand({}))];
    },
  ],
];

test.each(clients)(
  "%s asks the session at every request: nothing is cached over it",
  async (_name, make) => {
    const { session, clock, source } = virtualSession();
    const [client, send] = make(session);
    // years from expiry, by the SDK's clock too: its cache would hold the first set
    source.lifetime = 30 * 365 * 86400;
    const keys: (string | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      keys.push(await signedWith(send, client));
      await clock.advance(120_000);
      await session.refresh();
    }
    expect(keys).toEqual(["AKIA1", "AKIA2", "AKIA3"]);
    client.destroy();
  },
);

test.each(clients)(
  "%s takes the provider as it is, without a wrapping of its own",
  (_name, make) => {
    const { session } = virtualSession();
    const [client] = make(session);
    expect(client.config.credentials).toBe(session.credentials);
    client.destroy();
  },
);

test("an SDK that notes its own features on credentials may do so; others do not see it", async () => {
  const { session } = virtualSession();
  const set = (await session.credentials()) as { $source?: Record<string, string> };
  expect(Object.keys(set)).not.toContain("$source");
  // what the SDK's setCredentialFeature does
  set.$source ??= {};
  set.$source["CREDENTIALS_CODE"] = "e";
  expect((await session.credentials()) as { $source?: object }).toHaveProperty("$source", {});
});

test("what callers share cannot be changed under the others", async () => {
  const { session } = virtualSession();
  const set = await session.credentials();
  expect(() => {
    (set as { accessKeyId: string }).accessKeyId = "changed";
  }).toThrow(TypeError);
});
