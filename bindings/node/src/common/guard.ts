import { CODE_SHAPE } from "../library/abi-generated.js";

// What somebody else made (an error, a reply, a logger) may throw wherever it is
// touched: by a getter, as a proxy, even where it is asked for its class.

/** What `read` gives, or `otherwise` where it throws. */
export function guarded<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Runs what nobody waits for, and whose failure is nobody's. */
export function quietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // see above
  }
}

/** As `instanceof`, of what may be anything. */
export function isA<T>(value: unknown, Class: abstract new (...args: never[]) => T): value is T {
  return guarded(() => value instanceof Class, false);
}

/** One property of what may be anything; undefined where it cannot be read. */
export function peek(value: unknown, name: PropertyKey): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  return guarded(() => (value as Record<PropertyKey, unknown>)[name], undefined);
}

/** What is a name, and not a text. */
const NAME = /^[\w$.:-]{1,100}$/;

/**
 * The name of somebody else's error; "" where it has none that can be told. That of a
 * service's error is what came as its code, and must look like one.
 */
export function nameOf(error: unknown): string {
  const name = peek(error, "name");
  const shape = typeof peek(error, "$fault") === "string" ? CODE_SHAPE : NAME;
  return typeof name === "string" && shape.test(name) ? name : "";
}

/** How far a chain of causes is looked at. */
const CAUSES = 16;

/**
 * Whether an error can be shown: a log reads these of it, and of its causes. What
 * cannot is nobody's help, and breaks the log of whoever holds it.
 */
export function isReadable(error: unknown): boolean {
  const read = (value: unknown, depth: number): boolean => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return true;
    if (depth > CAUSES) return true;
    const { name, message, stack, cause } = value as Record<string, unknown>;
    // a log asks what it is, and makes text of the rest
    for (const part of [value instanceof Error, name, message, stack]) {
      if (typeof part !== "symbol") String(part);
    }
    return read(cause, depth + 1);
  };
  return guarded(() => read(error, 0), false);
}
