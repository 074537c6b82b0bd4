import type { Agent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { MqttClient } from "../mqtt/client.js";
import type { AwsCredentials } from "../sources/source.js";

/**
 * What a session uses of its platform, beyond what every JavaScript engine has.
 * `#platform` in package.json chooses the file: `node.ts` where there is Node,
 * `none.ts` elsewhere. Neither is bundled into the package's main file, so that
 * a bundle for a browser never meets the name of a module of Node's.
 */
export interface Platform {
  /** The file's bytes. */
  readFile(file: URL | string): Uint8Array<ArrayBuffer>;
  /** The one path of a file that is there, however it was spelled; undefined: there is none. */
  realFile(file: string): string | undefined;
  /** A place for values that go along with chains of asynchronous calls. */
  newScope(): Scope;
  /** Runs a command to its end, or until the signal is aborted. Never rejects. */
  run(command: Command, signal: AbortSignal): Promise<CommandOutcome>;
  /** Which of the texts is not what it must be, and what that is. */
  checkPem(texts: PemTexts): [keyof PemTexts, string] | undefined;
  /** Rejects with the engine's own error, or when the signal is aborted. */
  getOverMutualTls(
    request: MutualTlsRequest,
    signal: AbortSignal,
  ): Promise<MutualTlsReply | TlsProblem>;
  /** Why the optional package for PKCS#11 and MQTT cannot be used; undefined: it can. */
  crtProblem(): string | undefined;
  /** A client for MQTT, which is yet to be started. */
  makeMqttClient(settings: MqttSettings): { client: MqttClient } | TlsProblem;
  /**
   * Agents for the SDK's request handler, of the settings that are given; `quiet` ones
   * do not keep a process alive.
   */
  agents(
    quiet: boolean,
    settings: { http?: object | undefined; https?: object | undefined },
  ): Agents;
  /** Loads `evercreds/share`, which then says so itself; or tells why it cannot be loaded. */
  loadShare(): string | undefined;
  /** Tells the user something that is no error; `detail` is shown below it. */
  warn(text: string, detail?: string): void;
  /** Where programs that watch this process hear of events, by the channel's name. */
  channel(name: string): Channel;
}

/** See {@link Platform.channel}. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** See {@link Platform.agents}. Undefined: none was wanted. */
export interface Agents {
  http: Agent | undefined;
  https: HttpsAgent | undefined;
}

/** See {@link Platform.newScope}. */
interface Scope {
  /** Runs `body`, and all that it starts, with this value. */
  run<R>(value: object, body: () => R): R;
  /** The value of whoever runs now. */
  current(): object | undefined;
}

/** A program and its arguments, as no shell sees them. */
export interface Command {
  program: string;
  args: string[];
  /** A person answers it: it has the process's own input and error output. */
  attended: boolean;
  /** The directory to run it in; undefined: the process's own. */
  cwd: string | undefined;
  /** Undefined: the process's own. */
  env: Record<string, string> | undefined;
  /** Undefined: without end. */
  timeoutMs: number | undefined;
}

/** The end of what a command printed, or why there is none, without its words. */
export type CommandOutcome =
  { output: Uint8Array; problem?: undefined } | { problem: string; timedOut?: boolean };

/** Whom a client shows itself as, and whom it trusts, in PEM. */
export interface PemTexts {
  /** Undefined: it shows none. */
  certificate: Uint8Array | undefined;
  /** Undefined where there is no certificate, or a token has its key. */
  privateKey: Uint8Array | undefined;
  /** Undefined: the authorities that the platform trusts. */
  ca: Uint8Array | undefined;
}

/** Where a private key is that cannot be read, and what opens it. Holds a secret. */
export interface Token {
  /** The path of the PKCS#11 library. */
  readonly library: string;
  readonly userPin: string | undefined;
  readonly slotId: number | undefined;
  readonly tokenLabel: string | undefined;
  readonly privateKeyLabel: string | undefined;
}

/**
 * What TLS connections are made with. While nothing of it changes it is one and
 * the same object, by which what was made of it is found again.
 */
export interface TlsMaterial extends PemTexts {
  token: Token | undefined;
  verifyPeer: boolean;
}

/** Why nothing can be made of a {@link TlsMaterial}. */
export interface TlsProblem {
  /** The parameter to look at; undefined: it is none. */
  parameter: string | undefined;
  problem: string;
  /** It does not pass by itself. */
  permanent: boolean;
}

/** A GET that shows a certificate. */
export interface MutualTlsRequest {
  material: TlsMaterial;
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
  /** The address to connect to instead; the server is still to be `host`. */
  connectTo: { host: string; port: number } | undefined;
  timeoutMs: number;
}

/** What came back. */
export interface MutualTlsReply {
  status: number;
  /** By their names in lower case. */
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A client for MQTT 5. */
export interface MqttSettings {
  host: string;
  port: number;
  clientId: string;
  keepAliveSeconds: number;
  cleanStart: boolean;
  /** What is offered in the handshake; undefined: nothing. */
  alpn: string | undefined;
  /** What the files hold now: asked for each attempt to connect. */
  material: () => TlsMaterial;
  /** Tells the user something that is no error of the client's. */
  warn: (message: string) => void;
  /** Undefined: MQTT goes over TLS, not over WebSockets. */
  signing: Signing | undefined;
  /** What the user sets beside. */
  clientConfig: Record<string, unknown>;
}

/** How the handshakes of WebSockets are signed. */
export interface Signing {
  region: string;
  /** Asked for each handshake. */
  credentials: () => Promise<AwsCredentials>;
  /** Told when a handshake could not be signed. */
  failed: (error: unknown) => void;
}
