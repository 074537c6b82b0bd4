import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import {
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
  waitUntilObjectExists,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { CommonOptions, SessionEvents } from "../src/index.js";
import { gate, virtualSession } from "./support/session.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
let service: http.Server;
let url: string;
/** How the service of a test's own answers a call that was signed with this token. */
let refuses: (
  token: string,
  request: http.IncomingMessage,
) => [status: number, code: string, headers?: http.OutgoingHttpHeaders] | undefined;
let sent: string[] = [];
beforeAll(async () => {
  standIn = await StandIn.start();
  service = http.createServer((request, reply) => {
    request.resume().on("end", () => {
      const token = String(request.headers["x-amz-security-token"]);
      sent.push(token);
      const [status, code, headers] = refuses(token, request) ?? [200, ""];
      reply.writeHead(status, { "content-type": "application/xml", ...headers });
      const error = `<Error><Code>${code}</Code></Error>`;
      const failure = request.method === "POST" ? `<ErrorResponse>${error}</ErrorResponse>` : error;
      const text =
        code === "" ? "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>" : failure;
      reply.end(request.method === "HEAD" ? undefined : text);
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(async () => {
  service.closeAllConnections();
  service.close();
  await standIn.stop();
});
afterEach(async () => {
  await standIn.clearFaults();
  sent = [];
});

/** A session on virtual time whose sets have the tokens token-of-1, token-of-2, ... */
function open(options: CommonOptions = {}) {
  const made = virtualSession({ policy: "classic", ...options });
  const client = () =>
    made.session.client(S3Client, {
      ...{ region: "us-east-1", endpoint: url, forcePathStyle: true, maxAttempts: 1 },
    });
  const events: SessionEvents["rejection"][] = [];
  made.session.on("rejection", (event) => events.push(event));
  const list = () => client().send(new ListBucketsCommand({}));
  return { ...made, client, list, events };
}

const old =
  (status: number, code: string) =>
  (token: string): [number, string] | undefined =>
    token === "token-of-1" ? [status, code] : undefined;

describe("caller A asks; the source answers; the service rejects for A", () => {
  test.each([
    [400, "ExpiredToken", 1],
    [403, "ExpiredTokenException", 1],
    [400, "InvalidToken", 1],
    [400, "RequestExpired", 0],
  ])(
    "%s %s: A is served with another set, and nobody else notices",
    async (status, code, strong) => {
      refuses = old(status, code);
      const { session, clock, source, list, events } = open();
      const mine = await session.credentials();
      const door = gate();
      source.answer = () => door.opened.then(() => source.set());
      const call = list();
      while (!session.status().refreshing) await clock.settled();
      // B goes on with what is held, and waits for nothing
      expect(await session.credentials()).toBe(mine);
      expect(session.status()).toMatchObject({ rejected: false, reported: strong === 1 });
      door.open();
      expect((await call).$metadata.httpStatusCode).toBe(200);
      expect(sent).toEqual(["token-of-1", "token-of-2"]);
      expect(source.calls).toBe(2);
      await clock.settled();
      expect(events).toMatchObject(strong === 1 ? [{ scope: "caller", spaced: false }] : []);
      expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    },
  );

  test("the source fails: A has the service's error as it came, with the failure as its cause", async () => {
    refuses = old(400, "ExpiredToken");
    const { session, source, list } = open({ maxWait: 0 });
    const mine = await session.credentials();
    const cause = new RangeError("down");
    source.answer = () => Promise.reject(cause);
    const error: unknown = await list().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "ExpiredToken",
      $metadata: { httpStatusCode: 400 },
      cause: { name: "EvercredsError", code: "source", cause },
    });
    expect(await session.credentials()).toBe(mine); // B is served on
  });

  test("A gives up while it waits for another set: it is told at once, by its own signal", async () => {
    refuses = old(400, "ExpiredToken");
    const { session, clock, source, client } = open();
    await session.credentials();
    source.answer = () => new Promise(() => undefined);
    const leaving = new AbortController();
    const call = client().send(new ListBucketsCommand({}), { abortSignal: leaving.signal });
    const outcome = call.catch((error: unknown) => error);
    while (!session.status().refreshing) await clock.settled();
    leaving.abort();
    expect(await outcome).toMatchObject({ name: expect.stringMatching(/Abort|Expired/) as string });
    session.close();
    expect([...clock.timers].filter(({ holds }) => holds)).toEqual([]);
  });

  test("the session is closed while A waits: A has the service's error", async () => {
    refuses = old(400, "ExpiredToken");
    const { session, clock, source, list } = open();
    await session.credentials();
    source.answer = () => new Promise(() => undefined);
    const outcome = list().catch((error: unknown) => error);
    while (!session.status().refreshing) await clock.settled();
    session.close();
    expect(await outcome).toMatchObject({ name: "ExpiredToken", cause: { code: "closed" } });
  });

  test("what A sent was a stream: it reports, and the next call has another set", async () => {
    refuses = old(400, "ExpiredToken");
    const { session, clock, source, client, list } = open();
    await session.credentials();
    const put = new PutObjectCommand({
      ...{ Bucket: "b", Key: "k", ContentLength: 9 },
      Body: Readable.from(["some text"]),
    });
    await expect(client().send(put)).rejects.toMatchObject({ name: "ExpiredToken" });
    await clock.settled();
    expect(source.calls).toBe(2);
    expect((await list()).$metadata.httpStatusCode).toBe(200);
    expect(sent).toEqual(["token-of-1", "token-of-2"]);
  });

  test("what A sent has a one-time code: it is not sent again", async () => {
    refuses = old(400, "ExpiredTokenException");
    const { session, clock, source } = open();
    const { credentials } = session;
    const sts = new STSClient({ region: "us-east-1", endpoint: url, credentials, maxAttempts: 1 });
    sts.middlewareStack.use(session.plugin);
    const RoleArn = "arn:aws:iam::123456789012:role/r";
    const call = sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: "me", TokenCode: "918273" }),
    );
    await expect(call).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    await clock.settled();
    expect(sent).toEqual(["token-of-1"]);
    expect(source.calls).toBe(2);
  });

  test("it says AccessDenied, or has no token: nothing is reported", async () => {
    refuses = old(403, "AccessDenied");
    const { session, source, list } = open();
    await expect(list()).rejects.toMatchObject({ name: "AccessDenied" });
    expect(source.calls).toBe(1);
    expect(session.status().counters.rejections).toBe(0);
  });
});

test("60 callers; the set is revoked: no call fails, and one set is fetched", async () => {
  refuses = old(400, "ExpiredToken");
  const { session, source, list, events, clock } = open();
  await session.credentials();
  const replies = await Promise.all(Array.from({ length: 60 }, list));
  expect(replies.every(({ $metadata }) => $metadata.httpStatusCode === 200)).toBe(true);
  expect(source.calls).toBe(2);
  await clock.settled();
  expect(events).toHaveLength(1);
});

test.each([
  ["at each tick", 500, 20 * 60],
  ["rarely", 61_000, 120 * 60],
])(
  "the service rejects for A whatever A has, %s; B's calls all succeed, and fetches are few",
  async (_name, every, seconds) => {
    const { session, clock, source, list } = open();
    // A's endpoint is sick; B signs beside it, and must have a set at every tick
    refuses = () => [400, "InvalidToken"];
    for (let at = 0; at < seconds * 1000; at += every) {
      const call = every > 1000 || at % 10_000 === 0 ? list() : undefined;
      const outcome = call?.catch((error: unknown) => error);
      const served = await session.credentials();
      expect(served.expiration?.getTime()).toBeGreaterThan(clock.wall());
      if (outcome !== undefined) expect(await outcome).toMatchObject({ name: "InvalidToken" });
      await clock.advance(every);
    }
    expect(source.calls).toBeLessThanOrEqual(12 * (seconds / 3600) + 13);
    expect(source.calls).toBeGreaterThan(1);
    session.close();
  },
);

describe("HEAD, which is refused with a bare 400", () => {
  function real() {
    const role = standIn.role(`reports-head-${Math.random().toString(36).slice(2)}`);
    const session = new RefreshableSession({
      stsClient: standIn.client,
      assumeRole: { RoleArn: role },
    });
    const s3 = session.client(S3Client, standIn.s3);
    const revoke = async () => standIn.revoke((await session.credentials()).accessKeyId);
    return { role, session, s3, revoke };
  }
  const object = { Bucket: "stand-in-first", Key: "object" };

  // S3 answers HEAD so, too, where a bucket is in another region than the call was signed for
  test.each([
    ["another region", "eu-north-1", 1],
    ["the region that the call was signed for", "us-east-1", 2],
    ["none", undefined, 2],
  ])("it names %s as the bucket's (%s): %d sets are fetched", async (_name, region, fetched) => {
    refuses = () => [400, "", region === undefined ? {} : { "x-amz-bucket-region": region }];
    const { source, client } = open();
    const head = new HeadBucketCommand({ Bucket: "far" });
    for (let call = 0; call < 3; call++) {
      await expect(client().send(head)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 400 },
      });
    }
    expect(source.calls).toBe(fetched);
    expect(sent).toHaveLength(3 + fetched - 1);
  });

  test("a client that follows buckets to their regions: the call goes there with the same set", async () => {
    refuses = (_token, { headers }) =>
      headers.authorization?.includes("/eu-north-1/s3/") === true
        ? undefined
        : [400, "", { "x-amz-bucket-region": "eu-north-1" }];
    const { session, source } = open();
    const region = "us-east-1";
    const s3 = session.client(S3Client, {
      ...{
        region,
        endpoint: url,
        forcePathStyle: true,
        maxAttempts: 1,
        followRegionRedirects: true,
      },
    });
    await s3.send(new HeadBucketCommand({ Bucket: "far" }));
    expect(source.calls).toBe(1);
    expect(sent).toEqual(["token-of-1", "token-of-1"]);
  });

  test("headObject succeeds, with two fetches in all", async () => {
    const { role, session, s3, revoke } = real();
    await revoke();
    const { $metadata } = await s3.send(new HeadObjectCommand(object));
    expect($metadata.httpStatusCode).toBe(200);
    expect((await standIn.asked(role)).successes).toBe(2);
    session.close();
  });

  test("waitUntilObjectExists succeeds, with two fetches in all", async () => {
    const { role, session, s3, revoke } = real();
    await revoke();
    const waiter = { client: s3, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
    expect(await waitUntilObjectExists(waiter, object)).toMatchObject({ state: "SUCCESS" });
    expect((await standIn.asked(role)).successes).toBe(2);
    session.close();
  });

  test("again and again, over another fault: one fetch for all of it", async () => {
    refuses = () => [400, "x"];
    const { session, source, client } = open();
    await session.credentials();
    for (let n = 0; n < 10; n++) {
      const head = client().send(new HeadObjectCommand(object));
      await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    }
    expect(source.calls).toBe(2);
    expect(session.status().counters.rejections).toBe(0);
  });
});

describe("credentials({ otherThan }), for clients of the user's own", () => {
  test("gives another set to its caller, and leaves the others theirs", async () => {
    const { session, source } = open();
    const refused = await session.credentials();
    const door = gate();
    source.answer = () => door.opened.then(() => source.set());
    const another = session.credentials({ otherThan: refused });
    expect(await session.credentials()).toBe(refused);
    door.open();
    expect((await another).accessKeyId).toBe("AKIA2");
    expect((await session.credentials({ otherThan: refused })).accessKeyId).toBe("AKIA2");
    expect(source.calls).toBe(2);
    expect((await session.credentialsFor({ otherThan: refused, minTtl: 60 })).accessKeyId).toBe(
      "AKIA2",
    );
  });

  test("is refused where a set is as new as can be, and says until when", async () => {
    const { session } = open();
    const first = await session.credentials();
    const second = await session.credentials({ otherThan: first });
    const error: unknown = await session
      .credentials({ otherThan: second })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "rejected", retryAt: expect.any(Date) as Date });
    expect(await session.credentials()).toBe(second);
  });

  test.each([null, "AKIA", {}, { accessKeyId: "A" }])("of %s is a mistake", async (otherThan) => {
    const { session } = open();
    const parameter = "otherThan";
    for (const call of [
      session.credentials({ otherThan: otherThan as never }),
      session.credentialsFor({ otherThan: otherThan as never }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "validation", parameter });
    }
  });
});
