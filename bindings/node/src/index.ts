/**
 * AWS temporary credentials that are always fresh, for the AWS SDK for
 * JavaScript v3.
 *
 * @packageDocumentation
 */
export type { CacheChoice, CachedClient, ClientCache, ClientConfig } from "./cache/clients.js";
export type { CacheStats, EvictionPolicy, SdkClient, SdkClientClass } from "./cache/clients.js";
export type { MfaCommandOptions } from "./command.js";
export type { CustomCredentials, CustomCredentialsMethod } from "./custom.js";
export { type ErrorClass, type ErrorCode, type ErrorDetails } from "./errors.js";
export { EvercredsError, EvercredsValidationError } from "./errors.js";
export type { ChannelMessage, RefreshCause, SessionEvents } from "./host/events.js";
export type { ModuleSource } from "./load.js";
export type { MfaTokenProvider } from "./mfa.js";
export type { MqttClient, MqttClientConfig } from "./mqtt-client.js";
export type { MqttOptions } from "./mqtt-options.js";
export type { AssumeRoleOptions, CommonOptions, CustomOptions, Method } from "./options.js";
export type { IotOptions, SessionOptions, StsOptions } from "./options.js";
export type { Pem } from "./pem.js";
export type { Pkcs11Options } from "./pkcs11.js";
export type { ClientPlugin, ClientStack } from "./plugin.js";
export { initialize } from "./runtime.js";
export { RefreshableSession } from "./session.js";
export type { CallOptions, CredentialNeeds } from "./needs.js";
export type { CredentialProvider, ProviderOptions, TemporaryCredentials } from "./session.js";
export type { AwsCredentials } from "./source.js";
export type { Counters, Phase, Status } from "./host/status.js";
export type { Identity } from "./whoami.js";
