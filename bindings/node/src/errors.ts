import { guarded, peek } from "./common/guard.js";
import { named } from "./common/named.js";

/** Why a call of a session failed. */
export type ErrorCode =
  /** The source failed; `cause` is its own error. */
  | "source"
  /** The source gave no answer in time. */
  | "timed-out"
  /** The attempt ended without an answer. */
  | "abandoned"
  /** The source's reply could not be used. */
  | "malformed"
  /** The source's reply had already expired. */
  | "expired-reply"
  /** The source returned rejected credentials again. */
  | "still-rejected"
  /** The reply expires no later than the expired credentials that are held. */
  | "no-progress"
  /** New credentials keep being rejected, and attempts are spaced. */
  | "rejected"
  /** The credentials have less time left than this caller needs. */
  | "min-ttl"
  /** The source asked its own session, which waits for it. */
  | "reentrant"
  /** The session is closed. */
  | "closed"
  /** Another session has been fetching the credentials all the time. */
  | "share-busy"
  /** The store for shared credentials cannot be locked. */
  | "share-lock"
  /** An argument is wrong; see {@link EvercredsValidationError}. */
  | "validation"
  /** Something that the configuration needs is missing or refused. */
  | "configuration"
  /** A fault of evercreds itself. */
  | "internal";

/** Whether a failure can pass by itself. */
export type ErrorClass = "recoverable" | "permanent";

/** What {@link EvercredsError} carries besides its message. */
export interface ErrorDetails {
  /** Default: "recoverable". */
  class?: ErrorClass;
  /** No attempt is made before this instant. */
  retryAt?: Date;
  /** The source's own error. */
  cause?: unknown;
  /** The parameter that it is about. */
  parameter?: string;
  /** What a refresh gets the credentials of. */
  role?: string;
  /** The service's error code, or our word where no service answered. */
  awsErrorCode?: string;
}

/** The marks by which errors are known whose class is of another copy of this package. */
const ERROR = Symbol.for("evercreds error");
const VALIDATION = Symbol.for("evercreds validation error");

/** As `instanceof` asks, of a class of ours with its mark, or of a class made from it. */
function isOne(Class: object, own: object, mark: symbol, value: unknown): boolean {
  if (Class === own) return peek(value, mark) === true;
  return guarded(() => Function.prototype[Symbol.hasInstance].call(Class, value), false);
}

/** The base of all errors of this package. Its message never holds a secret. */
export class EvercredsError extends Error {
  /** Why, for programs. */
  readonly code: ErrorCode;
  /** Whether it can pass by itself. */
  readonly class: ErrorClass;
  /** The source is not contacted before this instant; undefined: not known. */
  readonly retryAt: Date | undefined;
  /** The parameter that it is about, as the caller spells it; undefined: none. */
  readonly parameter: string | undefined;
  /**
   * What a refresh gets the credentials of: the role's ARN, the role alias at AWS IoT, or
   * the name of the function; undefined: it is not about a refresh, or has no name.
   */
  readonly role: string | undefined;
  /**
   * The service's own error code, such as "AccessDenied". Where no service answered, a word
   * for what is wrong, such as "network"; docs/concepts/errors.md lists them. undefined: neither.
   */
  readonly awsErrorCode: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.class = details.class ?? "recoverable";
    this.retryAt = details.retryAt;
    this.parameter = details.parameter;
    this.role = details.role;
    this.awsErrorCode = details.awsErrorCode;
  }

  /** @internal Errors of another copy of this package (ESM and CommonJS) are ones too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOne(this, EvercredsError, ERROR, value);
  }

  static {
    named(this, "EvercredsError");
    Object.defineProperty(this.prototype, ERROR, { value: true });
  }
}

/** An argument is wrong: which one, and what was expected. */
export class EvercredsValidationError extends EvercredsError {
  /** The parameter as the caller spells it, such as `advisoryTimeout`. */
  declare readonly parameter: string;

  /**
   * @param expectation begins with the parameter's name
   * @param given the value; only its kind is told, and the value of a number
   */
  constructor(parameter: string, expectation: string, given: unknown) {
    super("validation", `${expectation}; got ${describe(given)}`, {
      class: "permanent",
      parameter,
    });
  }

  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOne(this, EvercredsValidationError, VALIDATION, value);
  }

  static {
    named(this, "EvercredsValidationError");
    Object.defineProperty(this.prototype, VALIDATION, { value: true });
  }
}

/** @internal Told in place of a value that may be a secret whatever its type. */
export class Kind {
  constructor(readonly words: string) {}
}

/** The kind of a value in words. A string may be a secret, so it is not shown. */
function describe(value: unknown): string {
  return guarded(() => kindOf(value), "what cannot be read");
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Kind) return value.words;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return value instanceof Date ? "a Date" : "an object";
  return typeof value === "string" && value === "" ? "an empty string" : `a ${typeof value}`;
}
