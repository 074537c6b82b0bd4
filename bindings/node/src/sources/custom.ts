import { NEVER } from "../library/abi-generated.js";
import { guarded, isA } from "../common/guard.js";
import type { Rules } from "../library/rules.js";
import type { Attempt, AwsCredentials, Reply, Source } from "./source.js";
import { isAccountId, malformed, requireInstant, requireKey, SourceFailure } from "./source.js";

/**
 * What a custom credentials method gives: the names of this package, or those of
 * the SDK's own providers (`accessKeyId`, ...), so that any of them can be used.
 */
export type CustomCredentials =
  | {
      accessKey: string;
      secretKey: string;
      token: string;
      /** RFC 3339 with an offset or Z, or a Date; null: the set never expires. */
      expiryTime: string | Date | null;
      accountId?: string;
    }
  | (Omit<AwsCredentials, "expiration"> & { expiration: string | Date | null });

/**
 * The user's own source of credentials.
 *
 * @param args what `customCredentialsMethodArgs` holds
 * @param context `signal` is aborted when the attempt's time is over
 */
export type CustomCredentialsMethod<Args = Record<string, unknown>> = (
  args: Args,
  context: { signal: AbortSignal; prompted: () => void },
) => CustomCredentials | Promise<CustomCredentials>;

/** Calls a function of the user's, and reads its reply strictly. */
export class CustomSource implements Source {
  readonly #method: CustomCredentialsMethod;
  readonly #args: Record<string, unknown>;
  readonly #rules: Rules;

  constructor(method: CustomCredentialsMethod, args: Record<string, unknown>, rules: Rules) {
    this.#method = method;
    this.#args = args;
    this.#rules = rules;
  }

  async fetch(attempt: Attempt): Promise<Reply> {
    const context = {
      signal: attempt.signal,
      prompted: () => {
        attempt.prompted();
      },
    };
    // a copy: the user's own object is the user's
    const reply: unknown = await this.#method({ ...this.#args }, context);
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
    if (value === null) return NEVER;
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
