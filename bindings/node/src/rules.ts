import * as abi from "./abi_generated.js";
import { isTrap, type Runtime } from "./runtime.js";
import { malformed } from "./source.js";

/** Nothing that a rule knows is longer; what is cut off makes no difference. */
const MAX_TEXT = 256;

const EXPIRY_ERRORS = new Map<number, string>([
  [abi.Result.ERR_EXPIRY_NAIVE, "has no offset or Z, so that it names no instant"],
  [abi.Result.ERR_EXPIRY_UNREADABLE, "is not an RFC 3339 date and time"],
]);

/** The rules that every language shares: the module knows them, and we ask it. */
export class Rules {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Milliseconds since the Unix epoch of an expiry, as the source wrote it. */
  expiry(text: string): number {
    const result = this.#with(text, (x, length) => x.evercreds_rule_expiry(length));
    if (result >= 0) return result;
    throw malformed(`the reply's expiry ${EXPIRY_ERRORS.get(result) ?? "cannot be read"}`);
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
