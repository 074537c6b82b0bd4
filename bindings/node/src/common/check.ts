import { EvercredsValidationError } from "../errors.js";
import { guarded } from "./guard.js";

/** Options as a caller without types may give them. */
export type Given = Readonly<Record<string, unknown>>;

/** Whether a value is an object with named values, and nothing more special. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return guarded(() => !Array.isArray(value), false); // a revoked proxy throws
}

/** Whether a value is an object of no class, which a copy of its fields stands for. */
export function isPlain(value: unknown): value is object {
  if (!isRecord(value)) return false;
  const prototype = guarded((): unknown => Object.getPrototypeOf(value), undefined);
  return prototype === null || prototype === Object.prototype;
}

/** An option that is an object; {} where it was not given. */
export function record(options: Given, name: string): Record<string, unknown> {
  const value = options[name];
  if (value === undefined) return {};
  if (isRecord(value)) return value;
  throw wrong(name, "must be an object", value);
}

/** The error over one parameter; the expectation follows on its name. */
export function wrong(
  parameter: string,
  expectation: string,
  given: unknown,
): EvercredsValidationError {
  return new EvercredsValidationError(parameter, `${parameter} ${expectation}`, given);
}
