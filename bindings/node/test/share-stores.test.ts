import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { Redis } from "ioredis";
import { createClient, type RedisClientType } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CompareAndSwapStore,
  DynamoDBStore,
  FileStore,
  RedisStore,
  S3Store,
  type Store,
  type Versions,
} from "../src/share/index.js";
import { toHold } from "../src/host/sets.js";
import { Group } from "../src/share/group.js";
import { Keyring } from "../src/share/keys.js";
import { withoutNative } from "../src/share/locks.js";
import { storeRules } from "../src/share/testing/index.js";
import { Moto, motoPython } from "./support/moto.js";
import { hasRedis, RedisServer } from "./support/redis.js";

/**
 * Plays the rules that all languages share on a store.
 *
 * @param skipped crowds, which take a minute at moto: STORE_CROWDS=1 has them played
 */
function keepsTheRules(open: () => Store, skipped: readonly number[] = []): void {
  it("has 24 of them", () => {
    expect(storeRules.map(({ rule }) => rule)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  });
  for (const rule of storeRules) {
    const isLong = skipped.includes(rule.rule) && !process.env["STORE_CROWDS"];
    it.skipIf(isLong)(`${rule.rule}: ${rule.name}`, () => rule.check(open));
  }
}

describe("a directory", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "evercreds-share-"));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  // a crowd has as many stores in one process, whose locks are apart all the same
  keepsTheRules(() => new FileStore(directory, { callMs: 60_000 }));

  it("keeps 2, 4, 8 and 23 where flock(1) locks", async () => {
    withoutNative(true);
    try {
      for (const rule of storeRules) {
        if (![2, 4, 8, 23].includes(rule.rule)) continue;
        await rule.check(() => new FileStore(directory, { callMs: 60_000 }));
      }
    } finally {
      withoutNative(false);
    }
  });
});

describe.skipIf(!hasRedis && !process.env["CI"])("Redis", () => {
  let server: RedisServer;
  let client: RedisClientType;
  let io: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = createClient({ url: `redis://127.0.0.1:${server.port}` });
    await client.connect();
    io = new Redis(server.port, "127.0.0.1");
  });
  afterAll(async () => {
    client.destroy();
    io.disconnect();
    await server.stop();
  });
  describe("by the client redis", () => {
    keepsTheRules(() => new RedisStore(client));
  });
  describe("by the client ioredis", () => {
    keepsTheRules(() => new RedisStore(io));
  });

  it("goes on with a server that has forgotten the scripts", async () => {
    const store: Store = new RedisStore(client);
    await client.sendCommand(["SCRIPT", "FLUSH"]);
    const call = { signal: AbortSignal.timeout(60_000), exclusive: false };
    const { number } = await store.read("evercreds1:00000000000000000000000000000000", call);
    expect(number).toBe(0);
  });
});

const SETTINGS = {
  region: "us-east-1",
  credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
  forcePathStyle: true,
};

describe.skipIf(motoPython === undefined && !process.env["CI"])("moto", () => {
  let moto: Moto;
  let dynamo: DynamoDBClient;
  let s3: S3Client;
  beforeAll(async () => {
    moto = await Moto.start(motoPython ?? "python3");
    dynamo = new DynamoDBClient({ ...SETTINGS, endpoint: moto.endpoint });
    s3 = new S3Client({ ...SETTINGS, endpoint: moto.endpoint });
    await dynamo.send(
      new CreateTableCommand({
        TableName: "sharing",
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await s3.send(new CreateBucketCommand({ Bucket: "sharing" }));
  });
  afterAll(async () => {
    dynamo.destroy();
    s3.destroy();
    await moto.stop();
  });
  describe("DynamoDB", () => {
    keepsTheRules(() => new DynamoDBStore(dynamo, { table: "sharing" }), [23, 24]);
  });
  describe("S3", () => {
    keepsTheRules(() => new S3Store(s3, { bucket: "sharing" }), [23, 24]);
  });
});

describe("objects that go", () => {
  const refusing = (name: string) =>
    ({
      send: () =>
        Promise.reject(
          Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 404 } }),
        ),
    }) as unknown as S3Client;
  const call = { signal: new AbortController().signal, exclusive: false };
  const campaign = {
    owner: "a".repeat(32),
    seen: 0,
    saw: { number: 0, fingerprint: "0".repeat(16) },
    turnMs: 1,
  };

  it("a bucket that is missing is a failure, and no empty record", async () => {
    const store = new S3Store(refusing("NoSuchBucket"), { bucket: "none" });
    await expect(store.read("k", call)).rejects.toThrow("NoSuchBucket");
  });

  it("one that is removed between look and writing is looked at again", async () => {
    let sent = 0;
    const client = {
      send: (command: object) => {
        const gone = Object.assign(new Error("gone"), {
          name: "NoSuchKey",
          $metadata: { httpStatusCode: 404 },
        });
        if (++sent === 2 || command.constructor.name.startsWith("Get")) return Promise.reject(gone);
        return Promise.resolve({});
      },
    } as unknown as S3Client;
    const store = new S3Store(client, { bucket: "there" });
    expect((await store.campaign("k", campaign, call)).won).toBe(true);
    expect(sent).toBe(4);
  });
});

/** What a user brings: a map with versions. */
class InMemory implements Versions {
  readonly #values = new Map<string, { value: Uint8Array; version: number }>();

  get(key: string) {
    const found = this.#values.get(key);
    return Promise.resolve({
      value: found?.value,
      version: found?.version,
      clockMs: Date.now(),
    });
  }

  put(key: string, value: Uint8Array, before: { version: unknown }): Promise<boolean> {
    const found = this.#values.get(key);
    if (found?.version !== before.version) return Promise.resolve(false);
    this.#values.set(key, { value, version: (found?.version ?? 0) + 1 });
    return Promise.resolve(true);
  }
}

describe("an engine with compare-and-swap alone", () => {
  const memory = new InMemory();
  keepsTheRules(() => new CompareAndSwapStore(memory));
});

describe("a store that breaks a rule", () => {
  const broken: Record<string, (store: Store) => Partial<Store>> = {
    "two have a turn at once": (store) => ({
      campaign: async (key, asked, call) => ({
        ...(await store.campaign(key, asked, call)),
        won: true,
      }),
    }),
    "an entry that expires earlier is stored": (store) => ({
      publish: async (key, asked, call) => {
        const { entry: junk } = await store.read(key, call);
        return store.publish(key, { ...asked, junk }, call);
      },
    }),
    "a resignation without a turn leaves a notice": (store) => ({
      resign: async (key, asked, call) => {
        const { owner } = await store.read(key, call);
        await store.resign(key, { ...asked, owner, number: 2 ** 52 - 1 }, call);
      },
    }),
  };

  for (const [what, made] of Object.entries(broken)) {
    it(`is told: ${what}`, async () => {
      const store = new CompareAndSwapStore(new InMemory());
      const sick: Store = {
        read: (key, call) => store.read(key, call),
        campaign: (key, asked, call) => store.campaign(key, asked, call),
        publish: (key, asked, call) => store.publish(key, asked, call),
        resign: (key, asked, call) => store.resign(key, asked, call),
        ...made(store),
      };
      const told = await Promise.all(
        storeRules.map((rule) =>
          rule
            .check(() => sick)
            .then(
              () => false,
              () => true,
            ),
        ),
      );
      expect(told).toContain(true);
    });
  }
});

it("a set that is too long for an entry is not published, and ends the turn all the same", async () => {
  const store = new CompareAndSwapStore(new InMemory());
  const group = new Group({
    store,
    keyring: new Keyring(new Uint8Array(32), undefined),
    inputs: () => Promise.resolve({ format: 1 }),
    isExclusive: false,
    figures: { callMs: 10_000, clockStepMs: 1 },
    close: () => undefined,
  });
  const { signal } = new AbortController();
  const owner = "a".repeat(32);
  const { saw } = await group.look(owner, signal);
  const turn = await group.campaign({ owner, seen: 0, saw, turnMs: 60_000 }, signal);
  expect(turn.won).toBe(true);
  const credentials = {
    ...{ accessKeyId: "A", secretAccessKey: "B", sessionToken: "t".repeat(9000) },
  };
  const set = toHold({ credentials, expiryMs: Date.now() + 3_600_000 });
  const times = { lifeMs: 3_600_000, leftMs: 3_600_000, endsMs: 0 };
  const shared = { owner, set, generation: turn.number, ...times, replaces: "0".repeat(16) };
  await expect(group.publish({ ...shared, junk: undefined }, signal)).rejects.toThrow("too long");
  const seen = await group.look("b".repeat(32), signal);
  expect([seen.set, seen.turnLeftMs]).toEqual([undefined, 0]);
});
