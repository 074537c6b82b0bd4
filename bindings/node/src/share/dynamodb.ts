import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { wrong } from "../common/check.js";
import { nameOf, peek } from "../common/guard.js";
import { dated, unloadable } from "./aws.js";
import { type Fields, type Kept, toKept } from "./record.js";
import { type Loaded, Swaps } from "./swaps.js";
import type {
  Campaign,
  Campaigned,
  Publication,
  Published,
  Resignation,
  Store,
  StoreCall,
  StoreFigures,
  StoreRecord,
} from "./store.js";

const PEER = "@aws-sdk/client-dynamodb";

type Item = Record<string, AttributeValue>;

/** What tells that nobody has written meanwhile. */
const COMPARED = [
  ...["number", "owner", "turn_ends_ms", "generation", "fingerprint", "expiry_ms"],
  "notice_ends_ms",
];

/** Settings of a {@link DynamoDBStore}. */
export interface DynamoDBStoreOptions {
  /** The table's name. Its partition key is `key`, a string; it has no sort key. */
  readonly table: string;
  /** The bound of a call, in milliseconds: 25 to 10000. Default: 1000. */
  readonly callMs?: number | undefined;
}

/**
 * A table of DynamoDB, with `ttl` as the attribute of its time to live. Needs GetItem and
 * PutItem. The client is yours, and the package that it is of, `@aws-sdk/client-dynamodb`.
 */
export class DynamoDBStore implements Store {
  /** As {@link Store.figures}. */
  readonly figures: StoreFigures;
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #swaps: Swaps<Item>;

  /** @throws EvercredsValidationError naming `client` or `table` */
  constructor(client: DynamoDBClient, options: DynamoDBStoreOptions) {
    if (typeof peek(client, "send") !== "function") {
      throw wrong("client", `must be a DynamoDBClient of ${PEER}`, client);
    }
    const table = peek(options, "table");
    if (typeof table !== "string" || table === "") {
      throw wrong("table", "must be the name of a table", table);
    }
    this.#client = client;
    this.#table = table;
    this.figures = { callMs: options.callMs ?? 1000, pollMs: 500, clockStepMs: 1000 };
    this.#swaps = new Swaps(
      {
        load: (key, call) => this.#load(key, call),
        save: (key, record, before, ttlMs, call) => this.#save(key, record, before, ttlMs, call),
      },
      1000,
    );
  }

  /** As {@link Store.read}. */
  read(key: string, call: StoreCall): Promise<StoreRecord> {
    return this.#swaps.read(key, call);
  }

  /** As {@link Store.campaign}. */
  campaign(key: string, campaign: Campaign, call: StoreCall): Promise<Campaigned> {
    return this.#swaps.campaign(key, campaign, call);
  }

  /** As {@link Store.publish}. */
  publish(key: string, publication: Publication, call: StoreCall): Promise<Published> {
    return this.#swaps.publish(key, publication, call);
  }

  /** As {@link Store.resign}. */
  resign(key: string, resignation: Resignation, call: StoreCall): Promise<void> {
    return this.#swaps.resign(key, resignation, call);
  }

  async #load(key: string, { signal }: StoreCall): Promise<Loaded<Item>> {
    const { GetItemCommand } = await loadDynamoDB();
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: { key: { S: key } },
      ConsistentRead: true,
    });
    const { output, clockMs } = await dated(command, (sent) =>
      this.#client.send(sent, { abortSignal: signal }),
    );
    const before = output.Item ?? {};
    return { kept: toKept(fieldsOf(before)), before, clockMs };
  }

  async #save(
    key: string,
    record: Kept,
    before: Item,
    ttlMs: number,
    { signal }: StoreCall,
  ): Promise<boolean> {
    const { PutItemCommand } = await loadDynamoDB();
    const ttl = Math.max(Number(before["ttl"]?.N ?? 0), Math.ceil((Date.now() + ttlMs) / 1000));
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: { ...itemOf(record), key: { S: key }, ttl: { N: String(ttl) } },
      ...conditionOf(before),
    });
    try {
      await this.#client.send(command, { abortSignal: signal });
      return true;
    } catch (error) {
      if (nameOf(error) === "ConditionalCheckFailedException") return false;
      throw error;
    }
  }
}

async function loadDynamoDB() {
  try {
    return await import("@aws-sdk/client-dynamodb");
  } catch (cause) {
    throw unloadable(PEER, cause);
  }
}

/** That the attributes are still those that were read. */
function conditionOf(before: Item) {
  const terms: string[] = [];
  const names: Record<string, string> = {};
  const values: Item = {};
  COMPARED.forEach((name, i) => {
    const value = before[name];
    names[`#a${i}`] = name;
    if (value === undefined) terms.push(`attribute_not_exists(#a${i})`);
    else {
      terms.push(`#a${i} = :v${i}`);
      values[`:v${i}`] = value;
    }
  });
  return {
    ConditionExpression: terms.join(" AND "),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}

function fieldsOf(item: Item): Fields {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, value.N ?? value.S ?? value.B ?? null]),
  );
}

function itemOf({ number, owner, turnEndsMs, entry, notice, noticeEndsMs }: Kept): Item {
  const item: Item = {
    number: { N: String(number) },
    turn_ends_ms: { N: String(turnEndsMs) },
  };
  if (owner !== "") item["owner"] = { S: owner };
  if (entry.sealed.length > 0) {
    item["entry"] = { B: entry.sealed };
    item["generation"] = { N: String(entry.generation) };
    item["fingerprint"] = { S: entry.fingerprint };
    item["expiry_ms"] = { N: String(entry.expiryMs) };
  }
  if (notice.length > 0) {
    item["notice"] = { B: notice };
    item["notice_ends_ms"] = { N: String(noticeEndsMs) };
  }
  return item;
}
