/**
 * AWS temporary credentials that are always fresh, for the AWS SDK for
 * JavaScript v3.
 *
 * @packageDocumentation
 */
export type {
  CacheChoice,
  CachedClient,
  ClientCache,
  ClientConfig,
} from "./client/cache/clients.js";
export type {
  CacheStats,
  EvictionPolicy,
  SdkClient,
  SdkClientClass,
} from "./client/cache/clients.js";
export type { MfaCommandOptions } from "./sources/command.js";
export type {
  CustomContext,
  CustomCredentials,
  CustomCredentialsMethod,
} from "./sources/custom.js";
export { type ErrorClass, type ErrorCode, type ErrorDetails } from "./errors.js";
export { EvercredsError, EvercredsValidationError } from "./errors.js";
export type { ChannelMessage, SessionEvents } from "./host/events.js";
export type { EventFacts, RefreshCause, ShareStep, StoreTrouble } from "./host/facts.js";
export type { SessionLogger } from "./host/log.js";
export type { ModuleSource } from "./library/load.js";
export type { MfaTokenProvider } from "./sources/mfa.js";
export type { MqttClient, MqttClientConfig } from "./mqtt/client.js";
export type { MqttOptions } from "./mqtt/options.js";
export type { AssumeRoleOptions, CommonOptions, CustomOptions, Method } from "./options.js";
export type { IotOptions, SessionOptions, StsOptions } from "./options.js";
export type { Pem } from "./sources/pem.js";
export type { Pkcs11Options } from "./sources/pkcs11.js";
export type { ClientPlugin, ClientStack } from "./client/plugin.js";
export { initialize } from "./library/runtime.js";
export { RefreshableSession } from "./session.js";
export type { CallOptions, CredentialNeeds } from "./needs.js";
export type { CredentialProvider, ProviderOptions } from "./session.js";
export type { AwsCredentials } from "./sources/source.js";
export type { ShareKey } from "./share/keys.js";
export type {
  Campaign,
  Campaigned,
  Publication,
  Published,
  Resignation,
  Store,
} from "./share/store.js";
export type { StoreCall, StoreEntry, StoreFigures, StoreRecord } from "./share/store.js";
export type { Counters, Phase, Status } from "./host/status.js";
export type { Identity } from "./client/whoami.js";
