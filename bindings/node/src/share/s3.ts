import type { S3Client } from "@aws-sdk/client-s3";
import { wrong } from "../common/check.js";
import { peek } from "../common/guard.js";
import { dated, unloadable } from "./aws.js";
import { CompareAndSwapStore, type Versioned, type Versions } from "./cas.js";
import { MAX_RECORD } from "./record.js";
import type { StoreCall } from "./store.js";

const PEER = "@aws-sdk/client-s3";

/** Settings of an {@link S3Store}. */
export interface S3StoreOptions {
  /** The bucket's name. */
  readonly bucket: string;
  /** What the names of the objects begin with. Default: "evercreds/". */
  readonly prefix?: string | undefined;
  /** The bound of a call, in milliseconds: 25 to 10000. Default: 1000. */
  readonly callMs?: number | undefined;
}

/**
 * Objects of S3, by conditional writes: one small object for each group. Needs GetObject
 * and PutObject, and ListBucket, without which S3 does not tell that there is none yet. The
 * client is yours, and the package that it is of, `@aws-sdk/client-s3`.
 */
export class S3Store extends CompareAndSwapStore {
  /** @throws EvercredsValidationError naming `client` or `bucket` */
  constructor(client: S3Client, options: S3StoreOptions) {
    if (typeof peek(client, "send") !== "function") {
      throw wrong("client", `must be an S3Client of ${PEER}`, client);
    }
    const bucket = peek(options, "bucket");
    if (typeof bucket !== "string" || bucket === "") {
      throw wrong("bucket", "must be the name of a bucket", bucket);
    }
    const { prefix = "evercreds/", callMs = 1000 } = options;
    super(new Objects(client, bucket, prefix), { callMs, pollMs: 500, clockStepMs: 1000 });
  }
}

class Objects implements Versions {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async get(key: string, { signal }: StoreCall): Promise<Versioned> {
    const { GetObjectCommand } = await loadS3();
    const command = new GetObjectCommand(this.#named(key));
    try {
      const { output, clockMs } = await dated(command, (sent) =>
        this.#client.send(sent, { abortSignal: signal }),
      );
      const isTooLong = (output.ContentLength ?? 0) > MAX_RECORD;
      if (isTooLong) await output.Body?.transformToWebStream().cancel();
      const value = isTooLong ? new Uint8Array(0) : await output.Body?.transformToByteArray();
      return { value, version: output.ETag, clockMs };
    } catch (error) {
      if (peek(error, "name") !== "NoSuchKey") throw error; // a bucket may be missing, too
      return { value: undefined, version: undefined, clockMs: dateOf(error) };
    }
  }

  async put(
    key: string,
    value: Uint8Array,
    before: Versioned,
    _ttlMs: number,
    { signal }: StoreCall,
  ): Promise<boolean> {
    const { PutObjectCommand } = await loadS3();
    const condition =
      before.version === undefined ? { IfNoneMatch: "*" } : { IfMatch: before.version as string };
    const command = new PutObjectCommand({
      ...this.#named(key),
      ...condition,
      Body: value,
      ContentType: "application/json",
    });
    try {
      await this.#client.send(command, { abortSignal: signal });
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412 || status === 409) return false;
      if (peek(error, "name") === "NoSuchKey") return false; // it was removed
      throw error;
    }
  }

  #named(key: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${key.replace(":", "-")}` };
  }
}

async function loadS3() {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw unloadable(PEER, cause);
  }
}

function statusOf(error: unknown): unknown {
  return peek(peek(error, "$metadata"), "httpStatusCode");
}

/** The date of the reply that there is no object yet; 0: it has none. */
function dateOf(error: unknown): number {
  const headers = peek(peek(error, "$response"), "headers");
  const read = Date.parse(String(peek(headers, "date")));
  return Number.isNaN(read) ? 0 : read;
}
