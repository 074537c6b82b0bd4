/**
 * Stores where processes meet that share their refreshes, and what a store of your own
 * must do.
 *
 * @packageDocumentation
 */
import { shareModule } from "./module.js";
import { naming, openGroup } from "./open.js";

export { CompareAndSwapStore, type Versioned, type Versions } from "./cas.js";
export { DynamoDBStore, type DynamoDBStoreOptions } from "./dynamodb.js";
export { FileStore, type FileStoreOptions } from "./file.js";
export type { ShareKey } from "./keys.js";
export { type IoRedisClient, type NodeRedisClient, RedisStore } from "./redis.js";
export type { RedisStoreOptions } from "./redis.js";
export { S3Store, type S3StoreOptions } from "./s3.js";
export type { Campaign, Campaigned, Publication, Published, Resignation, Store } from "./store.js";
export type { StoreCall, StoreEntry, StoreFigures, StoreRecord } from "./store.js";

// sessions find this module where it was loaded, also in a bundle
shareModule.loaded ??= { naming, openGroup };
