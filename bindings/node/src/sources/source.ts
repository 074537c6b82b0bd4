import * as abi from "../library/abi-generated.js";
import type { ErrorClass } from "../errors.js";
import { isReadable } from "../common/guard.js";
import { named } from "../common/named.js";

/** One set of credentials, in the form that every client of the SDK takes. */
export interface AwsCredentials {
  /** Such as "ASIA...". */
  readonly accessKeyId: string;
  /** What requests are signed with. */
  readonly secretAccessKey: string;
  /** Goes along with each request. */
  readonly sessionToken: string;
  /** When they expire; undefined: they do not. */
  readonly expiration?: Date;
  /** The account that they belong to, where the source tells. */
  readonly accountId?: string;
}

/** What a source brought: one set, and what the machine must know of it. */
export interface Reply {
  credentials: Omit<AwsCredentials, "expiration">;
  /** When the set expires, milliseconds since the Unix epoch; Never: not at all. */
  expiryMs: number;
  /** The lifetime that was asked for, in milliseconds; 0: not known. */
  durationMs: number;
  /** The latest instant that the reply's Date can mean; 0: it had none. */
  serverTimeMs: number;
}

/** What a source is given for one attempt. */
export interface Attempt {
  /** Aborted when the attempt's time is over, or the session is closed. */
  readonly signal: AbortSignal;
  /** To be called when a person has answered a prompt: its time starts now. */
  prompted(): void;
}

/** Whose credentials a source gets. What cannot stand in a line is left out. */
export interface Names {
  /** One of Method: by whose rules errors are worded. */
  readonly method: number;
  readonly sessionName: string | undefined;
  readonly role: string | undefined;
}

/** A name that can stand in a line; undefined: it is none. */
export function shownName(name: unknown): string | undefined {
  if (typeof name !== "string" || name.length > abi.LONGEST_NAME) return undefined;
  return abi.NAME_SHAPE.test(name) ? name : undefined;
}

/** Where a session's credentials come from. */
export interface Source {
  readonly names: Names;
  /** One attempt. A rejection that is no {@link SourceFailure} is recoverable. */
  fetch(attempt: Attempt): Promise<Reply>;
  /** Gives back what the source holds open. */
  close(): void;
}

/** What is to be known of a failure beside its words. */
interface HowItFailed {
  class: ErrorClass | "throttled";
  /** The reply could not be read. */
  malformed?: boolean;
  /** The pause that the source asked for, in milliseconds. */
  retryAfterMs?: number;
  /** Our name for what is wrong, where it is known. */
  trouble?: keyof typeof abi.TROUBLES;
  /** The HTTP status of a reply, its error code, and the message in it. */
  status?: number;
  code?: string;
  message?: string;
}

/** How an attempt failed. Its message reaches the user, so it holds no secret. */
export class SourceFailure extends Error {
  readonly how: Readonly<HowItFailed>;

  /** @param details what failed, and `cause`, which is left out where it cannot be read */
  constructor(message: string, { cause, ...how }: HowItFailed & { cause?: unknown }) {
    super(message, cause === undefined || !isReadable(cause) ? undefined : { cause });
    this.how = Object.freeze(how);
  }

  static {
    named(this, "SourceFailure");
  }
}

/** A reply that cannot be used, and why. */
export function malformed(message: string, cause?: unknown): SourceFailure {
  return new SourceFailure(message, { class: "recoverable", malformed: true, cause });
}

/** More than any service takes in a header. */
const LONGEST_KEY = 65536;

/**
 * A part of the credentials in a reply, or a failure that names it. What cannot stand
 * in a header would fail every call for the set's whole life.
 */
export function requireKey(value: unknown, name: string): string {
  if (typeof value === "string" && value.length <= LONGEST_KEY && /^[!-~]+$/.test(value)) {
    return value;
  }
  const words = `a string of 1 to ${LONGEST_KEY} printable ASCII characters, without blanks`;
  throw malformed(`the reply's ${name} is not ${words} or line ends`);
}

/** The ID of an account. SDKs make host names of it. */
export function isAccountId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9]{12}$/.test(value);
}

/** The last instant that every language can name: the end of the year 9999. */
const LAST_MS = 253402300799999;

/** An instant as the machine takes it, or a failure that names it. */
export function requireInstant(ms: number, name: string): number {
  if (ms >= 0) return Math.min(ms, LAST_MS);
  throw malformed(`the reply's ${name} is not an instant of 1970 or later`);
}
