import * as abi from "./abi-generated.js";
import { isTrap, type Runtime } from "./runtime.js";
import { malformed, type SourceFailure } from "../sources/source.js";

/** Nothing that a rule knows is longer; what is cut off makes no difference. */
const MAX_TEXT = 256;

const EXPIRY_ERRORS = new Map<number, string>([
  [abi.Result.ERR_EXPIRY_NAIVE, "has no offset or Z, so that it names no instant"],
  [abi.Result.ERR_EXPIRY_UNREADABLE, "is not an RFC 3339 date and time"],
]);

type SourceClass = SourceFailure["how"]["class"];

const CLASSES = new Map<number, SourceClass>([
  [abi.ErrorClass.RECOVERABLE, "recoverable"],
  [abi.ErrorClass.PERMANENT, "permanent"],
  [abi.ErrorClass.THROTTLED, "throttled"],
]);

/** The rules that every language shares: the module knows them, and we ask it. */
export class Rules {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Milliseconds since the Unix epoch of an expiry, as the source wrote it under a name. */
  expiry(text: string, name: string): number {
    const result =
      text.length > MAX_TEXT
        ? abi.Result.ERR_EXPIRY_UNREADABLE
        : this.#with(text, (x, length) => x.evercreds_rule_expiry(length));
    if (result >= 0) return result;
    throw malformed(`the reply's ${name} ${EXPIRY_ERRORS.get(result) ?? "cannot be read"}`);
  }

  /**
   * The pause that a reply asks for, in milliseconds; 0: none. `x-amz-retry-after`,
   * which counts in milliseconds, goes before `Retry-After`.
   *
   * @param header gives a header of the reply by its name in lower case
   * @param nowMs the time of a reply without a `Date`
   */
  retryAfter(header: (name: string) => string | undefined, nowMs: number): number {
    const wall = Date.parse(header("date") ?? "");
    const at = Math.max(0, Number.isNaN(wall) ? nowMs : wall);
    const read = (name: string, inMs: number) => {
      const text = header(name);
      if (text === undefined) return 0;
      return this.#with(text, (x, n) => x.evercreds_rule_retry_after(at, inMs, n));
    };
    return Math.max(0, read("x-amz-retry-after", 1) || read("retry-after", 0));
  }

  /** Whether a failure of a source can pass by itself, in words. */
  classOf(method: number, httpStatus: number, code: string): SourceClass {
    return CLASSES.get(this.errorClass(method, httpStatus, code)) ?? "recoverable";
  }

  /** ErrorClass of an error of a source. */
  errorClass(method: number, httpStatus: number, code: string): number {
    const result = this.#with(code, (x, length) =>
      x.evercreds_rule_error_class(method, httpStatus, length),
    );
    return result > 0 ? result : abi.ErrorClass.RECOVERABLE;
  }

  /** The last code of six digits in what a command printed; undefined: there is none. */
  mfaCode(output: Uint8Array): string | undefined {
    const offset = this.#call(output, (x, length) => x.evercreds_rule_mfa_code(length));
    if (offset < 0) return undefined;
    return new TextDecoder().decode(output.subarray(offset, offset + 6));
  }

  /** The credentials endpoint for what was configured; undefined: it is none. */
  iotEndpoint(text: string): string | undefined {
    if (text.length > MAX_TEXT) return undefined;
    let endpoint: string | undefined;
    this.#with(text, (x, given) => {
      const length = x.evercreds_rule_iot_endpoint(given);
      if (length > 0) endpoint = new TextDecoder().decode(this.#runtime.read(length));
      return length;
    });
    return endpoint;
  }

  /** 0, or one of Result.ERR_DURATION..., for the lifetime that is to be requested. */
  duration(seconds: number, chained: boolean): number {
    return this.#runtime.run(undefined, (x) => x.evercreds_rule_duration(seconds, chained ? 1 : 0));
  }

  /**
   * What a service's error says of the set that signed the call: one of Evidence.
   * Where the module traps it is none: the service's error is the one that the
   * user must see.
   */
  evidence(code: string, httpStatus: number, isHead: boolean): number {
    try {
      const result = this.#with(code, (x, length) =>
        x.evercreds_rule_evidence(isHead ? 1 : 0, httpStatus, length),
      );
      return result > 0 ? result : abi.Evidence.NONE;
    } catch (error) {
      if (!isTrap(error)) throw error;
      return abi.Evidence.NONE;
    }
  }

  #with(text: string, call: (exports: abi.Exports, length: number) => number): number {
    return this.#call(new TextEncoder().encode(text.slice(0, MAX_TEXT)), call);
  }

  #call(bytes: Uint8Array, call: (exports: abi.Exports, length: number) => number): number {
    return this.#runtime.run(undefined, (x) => {
      const result = call(x, this.#runtime.write(bytes));
      this.#runtime.wipe();
      return result;
    });
  }
}
