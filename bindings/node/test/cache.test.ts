import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { describe, expect, expectTypeOf, test } from "vitest";
import { sha256 } from "../src/common/sha256.js";
import { virtualSession } from "./support/session.js";

const region = "eu-west-1";
const regions = (count: number) => Array.from({ length: count }, (_, i) => `eu-west-${i}`);

describe("a session's clients", () => {
  test("have the type of their class, and take its settings", () => {
    const { session } = virtualSession();
    const s3 = session.client(S3Client, { region, forcePathStyle: true });
    expectTypeOf(s3).toEqualTypeOf<S3Client>();
    expect(s3).toBeInstanceOf(S3Client);
    expectTypeOf(session.client(STSClient)).toEqualTypeOf<STSClient>();
    // @ts-expect-error a setting of S3 only
    session.client(STSClient, { forcePathStyle: true });
    // @ts-expect-error credentials are the session's
    expect(() => session.client(S3Client, { credentials: session.credentials })).toThrow();
  });

  test("sign with the session's credentials, and report rejected ones", async () => {
    const { session } = virtualSession();
    const s3 = session.client(S3Client, { region });
    expect(s3.config.credentials).toBe(session.credentials);
    expect(await s3.config.region()).toBe(region);
    expect(s3.middlewareStack.identify().join()).toContain("evercredsRejection");
  });

  test("do not write to the settings that they are made with", () => {
    const { session } = virtualSession();
    const config = Object.freeze({ region });
    session.client(S3Client, config);
    expect(config).toEqual({ region });
  });

  test("are the same without settings and with settings that say nothing", () => {
    const { session } = virtualSession();
    const plain = session.client(STSClient);
    expect(session.client(STSClient, {})).toBe(plain);
    expect(session.client(STSClient, { region: undefined } as object)).toBe(plain);
    expect(session.client(STSClient, {}, {})).toBe(plain);
    expect(session.cache.stats()).toMatchObject({ size: 1, hits: 3, misses: 1 });
  });

  test.each<[string, object, object]>([
    ["in another order", { region, maxAttempts: 2 }, { maxAttempts: 2, region }],
    ["with undefined", { region }, { region, endpoint: undefined }],
    ["with nothing but undefined", { retryStrategy: undefined, logger: undefined }, {}],
    [
      "with equal parts",
      { region, requestHandler: { requestTimeout: 5 } },
      { requestHandler: { requestTimeout: 5 }, region },
    ],
  ])("are the same for equal settings: %s", (_name, one, other) => {
    const { session } = virtualSession();
    expect(session.client(STSClient, one as STSClientConfig)).toBe(
      session.client(STSClient, other as STSClientConfig),
    );
    expect(session.cache.size).toBe(1);
  });

  const endpoint = () => Promise.resolve({ protocol: "https:", hostname: "a", path: "/" });
  test.each<[string, object, object]>([
    ["a string and a number", { region: "1" }, { region: 1 }],
    ["a setting of another name", { region: "x" }, { endpoint: "x" }],
    ["parts that read alike", { region: 'x","y' }, { region: "x", endpoint: "y" }],
    ["functions of one text", { region: () => region }, { region: () => region }],
    ["one function and none", { endpoint }, {}],
  ])("differ for different settings: %s", (_name, one, other) => {
    const { session } = virtualSession();
    expect(session.client(STSClient, one as STSClientConfig)).not.toBe(
      session.client(STSClient, other as STSClientConfig),
    );
    expect(session.cache.size).toBe(2);
  });

  test("differ for different classes, also where the settings and names are equal", () => {
    const { session } = virtualSession();
    const Other = { S3Client: class S3Client extends STSClient {} }.S3Client;
    expect(session.client(S3Client)).not.toBe(session.client(Other));
    expect(session.cache.list().map(({ name }) => name)).toEqual(["S3Client", "S3Client"]);
  });

  test("settings that lead to themselves, dates, URLs and bytes have keys too", () => {
    const { session } = virtualSession();
    const circle: Record<string, unknown> = { region };
    circle["logger"] = circle;
    expect(session.client(STSClient, circle)).toBe(session.client(STSClient, circle));
    const odd = () => ({
      a: new Date(5),
      b: new URL("http://a/"),
      c: Buffer.from("x"),
      d: [1, 2n],
    });
    const made = session.client(STSClient, odd() as STSClientConfig);
    expect(session.client(STSClient, odd() as STSClientConfig)).toBe(made);
    const later = { ...odd(), a: new Date(6) } as STSClientConfig;
    expect(session.client(STSClient, later)).not.toBe(made);
  });

  test("show no secret of their settings in the cache", () => {
    const { session } = virtualSession();
    const secret = "SENTINEL-proxy-password";
    session.client(STSClient, { customUserAgent: secret });
    const cache = session.cache;
    const all = inspect([cache, cache.list()], { depth: Infinity, showHidden: true });
    expect(all + JSON.stringify(cache.list())).not.toContain(secret);
    // nor can it be guessed: another session has another key for the same
    const other = virtualSession().session;
    other.client(STSClient, { customUserAgent: secret });
    expect(other.cache.list()[0]?.key).not.toBe(cache.list()[0]?.key);
    expect(cache.list()).toEqual([
      {
        name: "STSClient",
        key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        evictionPolicy: "LRU",
      },
    ]);
  });

  test("that cannot be made leave nothing behind", () => {
    const { session } = virtualSession();
    let calls = 0;
    class Failing extends STSClient {
      constructor(config: STSClientConfig) {
        super(config);
        if (++calls === 1) throw new Error("not today");
      }
    }
    expect(() => session.client(Failing)).toThrow("not today");
    expect(session.cache.size).toBe(0);
    expect(session.client(Failing)).toBeInstanceOf(Failing);
  });
});

describe("a full cache", () => {
  test("has ten clients of its own accord, and forgets the least recently used", () => {
    const { session } = virtualSession();
    const first = regions(10).map((region) => session.client(STSClient, { region }));
    expect(session.cache.maxSize).toEqual({ LRU: 10, LFU: 10 });
    session.client(STSClient, { region: "eu-west-0" }); // used again
    session.client(STSClient, { region: "eu-west-10" });
    expect(session.cache.size).toBe(10);
    expect(session.client(STSClient, { region: "eu-west-0" })).toBe(first[0]);
    expect(session.client(STSClient, { region: "eu-west-1" })).not.toBe(first[1]);
  });

  test("LFU forgets the least frequently used", () => {
    const { session } = virtualSession();
    const get = (region: string) =>
      session.client(STSClient, { region }, { evictionPolicy: "LFU", maxSize: 2 });
    const often = get("a");
    get("a");
    const rare = get("b");
    get("c");
    expect(get("a")).toBe(often);
    expect(get("b")).not.toBe(rare);
    expect(session.cache.maxSize).toEqual({ LRU: 10, LFU: 2 });
  });

  test("tells what it did", () => {
    const { session } = virtualSession();
    for (const n of [1, 2, 3, 1, 3, 3]) {
      session.client(STSClient, { region: `r-${n}` }, { maxSize: 2 });
    }
    const stats = { size: 2, maxSize: 2, hits: 2, misses: 4, evictions: 2 };
    expect(session.cache.stats()).toEqual(stats);
    expect(session.cache.stats("LFU")).toEqual({
      ...{ size: 0, maxSize: 10, hits: 0, misses: 0, evictions: 0 },
    });
    session.client(STSClient, { region: "r-3" }, { maxSize: 0 });
    expect(session.cache.stats()).toMatchObject({ size: 0, misses: 5, evictions: 5 });
    expect(() => session.cache.stats("FIFO" as "LRU")).toThrow("evictionPolicy");
  });

  test("the two caches know nothing of each other", () => {
    const { session } = virtualSession();
    const one = session.client(STSClient, { region });
    const other = session.client(STSClient, { region }, { evictionPolicy: "LFU" });
    expect(one).not.toBe(other);
    expect(session.cache.list("LFU")).toHaveLength(1);
    expect(session.cache.list()).toHaveLength(2);
  });

  test("a smaller bound forgets at once; 0 keeps nothing; below 0 counts without its sign", () => {
    const { session } = virtualSession();
    regions(5).forEach((region) => session.client(STSClient, { region }));
    const get = (maxSize: number) =>
      session.client(STSClient, { region: "eu-west-4" }, { maxSize });
    const last = get(-3);
    expect(session.cache.size).toBe(3);
    expect(get(3)).toBe(last);
    const lone = get(0);
    expect(session.cache.size).toBe(0);
    expect(get(0)).not.toBe(lone);
    expect(session.cache.list()).toEqual([]);
  });

  test("what has to go is not destroyed under whoever uses it", () => {
    const { session } = virtualSession();
    const s3 = session.client(S3Client, { region }, { maxSize: 1 });
    let destroyed = false;
    s3.destroy = () => (destroyed = true);
    session.client(S3Client, {});
    session.cache.clear();
    expect([session.cache.size, destroyed]).toEqual([0, false]);
  });
});

test("a closed session has no clients, and makes none", () => {
  const { session } = virtualSession();
  session.client(STSClient);
  session.close();
  expect(session.cache.size).toBe(0);
  expect(() => session.client(STSClient)).toThrow("the session is closed: make a new session");
});

test.each<[string, unknown[]]>([
  ["Client", ["s3"]],
  ["Client", [undefined]],
  ["Client", [Date]],
  ["Client", [() => ({})]],
  [
    "Client",
    [
      class {
        middlewareStack = {};
      },
      {},
    ],
  ],
  ["config", [S3Client, "eu-west-1"]],
  ["config", [S3Client, null]],
  ["config.credentials", [S3Client, { credentials: { accessKeyId: "AKIA" } }]],
  ["options", [S3Client, {}, "LRU"]],
  ["evictionPolicy", [S3Client, {}, { evictionPolicy: "lru" }]],
  ["maxSize", [S3Client, {}, { maxSize: 1.5 }]],
  ["maxSize", [S3Client, {}, { maxSize: "10" }]],
  ["maxSize", [S3Client, {}, { maxSize: Infinity }]],
  ["max_size", [S3Client, {}, { max_size: 10 }]],
])("client refuses a bad %s (%#)", (parameter, args) => {
  const { session } = virtualSession();
  let thrown: unknown;
  try {
    (session.client as (...args: unknown[]) => unknown).apply(session, args);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "validation", parameter });
  expect(session.cache.size).toBe(0);
});

test("the hash is SHA-256, at every length of a block", () => {
  for (let length = 0; length < 200; length++) {
    const message = new Uint8Array(length).map((_, i) => i * 7 + length);
    const digest = createHash("sha256").update(message).digest();
    const words = Array.from({ length: 8 }, (_, i) => digest.readInt32BE(4 * i));
    expect([...sha256(message)]).toEqual(words);
  }
});
