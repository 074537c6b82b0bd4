import * as abi from "../library/abi-generated.js";
import { guarded, isA, peek } from "../common/guard.js";
import type { Rules } from "../library/rules.js";
import type { Attempt, Names, Reply, Source } from "./source.js";
import { isAccountId, malformed, requireInstant, requireKey } from "./source.js";
import { shownName, SourceFailure } from "./source.js";

/**
 * What a custom credentials method returns: credentials as the SDK's own providers give
 * them, or in the words of AWS IoT and of this package in Python. A refresh whose reply
 * has no session token, or says nothing of its expiry, fails with the code "malformed".
 */
export type CustomCredentials =
  | {
      /** Such as "ASIA...". */
      readonly accessKeyId: string;
      /** What requests are signed with. */
      readonly secretAccessKey: string;
      /** Required, although the SDK's providers need not give one. */
      readonly sessionToken?: string | undefined;
      /** Required: a Date, or RFC 3339 with an offset or Z; null: they never expire. */
      readonly expiration?: Date | string | null | undefined;
      /** The account that they belong to: 12 digits. Default: not known. */
      readonly accountId?: string | undefined;
    }
  | {
      /** Such as "ASIA...". */
      readonly accessKey: string;
      /** What requests are signed with. */
      readonly secretKey: string;
      /** The session token. */
      readonly token: string;
      /** A Date, or RFC 3339 with an offset or Z; null: they never expire. */
      readonly expiryTime: Date | string | null;
      /** The account that they belong to: 12 digits. Default: not known. */
      readonly accountId?: string | undefined;
    };

/** What a custom credentials method is called with. */
export interface CustomContext {
  /** Aborted when the time of the attempt is over, or the session is closed. */
  readonly signal: AbortSignal;
  /**
   * Tells that a person has answered a prompt: for a session that is `attended`, the
   * time of the refresh begins now.
   */
  readonly prompted: () => void;
  /** Never there. The SDK's providers look for it, and so can be used as they are. */
  readonly callerClientConfig?: never;
  /** Never there, as `callerClientConfig`. */
  readonly forceRefresh?: never;
}

/**
 * The user's own source of credentials, called once for each refresh. What it throws
 * becomes the `cause` of the callers' errors.
 */
export type CustomCredentialsMethod = (
  context: CustomContext,
) => CustomCredentials | Promise<CustomCredentials>;

/** Calls a function of the user's, and reads its reply strictly. */
export class CustomSource implements Source {
  readonly #method: CustomCredentialsMethod;
  readonly #rules: Rules;

  constructor(method: CustomCredentialsMethod, rules: Rules) {
    this.#method = method;
    this.#rules = rules;
  }

  get names(): Names {
    const name = shownName(peek(this.#method, "name"));
    return { method: abi.Method.CUSTOM, sessionName: undefined, role: name };
  }

  async fetch(attempt: Attempt): Promise<Reply> {
    const context = {
      signal: attempt.signal,
      prompted: () => {
        attempt.prompted();
      },
    };
    const reply: unknown = await this.#method(context);
    try {
      return this.#read(reply);
    } catch (cause) {
      if (isA(cause, SourceFailure)) throw cause;
      throw malformed("the reply of customCredentialsMethod cannot be read", cause);
    }
  }

  #read(reply: unknown): Reply {
    if (typeof reply !== "object" || reply === null) {
      throw malformed("customCredentialsMethod gave no object as its reply");
    }
    const read = reply as Record<string, unknown>;
    const accountId = read["accountId"] ?? "";
    if (accountId !== "" && !isAccountId(accountId)) {
      throw malformed("the reply's accountId is not a string of 12 digits");
    }
    return {
      credentials: {
        accessKeyId: requireKey(read["accessKey"] ?? read["accessKeyId"], "accessKey"),
        secretAccessKey: requireKey(read["secretKey"] ?? read["secretAccessKey"], "secretKey"),
        sessionToken: requireKey(read["token"] ?? read["sessionToken"], "token"),
        ...(accountId !== "" && { accountId }),
      },
      expiryMs: this.#expiry("expiryTime" in read ? read["expiryTime"] : read["expiration"]),
      durationMs: 0,
      serverTimeMs: 0,
    };
  }

  close(): void {
    // the user's function holds nothing that we opened
  }

  #expiry(value: unknown): number {
    if (value === null) return abi.NEVER;
    const ms: unknown = isDate(value) ? value.getTime() : undefined;
    if (typeof ms === "number" && !Number.isNaN(ms)) return requireInstant(ms, "expiryTime");
    if (typeof value === "string") return this.#rules.expiry(value, "expiryTime");
    throw malformed(
      "the reply's expiryTime is neither a valid Date nor a string (null: it never expires)",
    );
  }
}

/** Whether it is a Date, one of another realm too. */
function isDate(value: unknown): value is Date {
  const kind = guarded(() => Object.prototype.toString.call(value), "");
  return isA(value, Date) || kind === "[object Date]";
}
