/** What a thing says that does not want to be read. */
const NO = (): never => {
  throw new Error("not to be read");
};

const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

/** A proxy whose every trap throws. */
const shut = (target: object): unknown => new Proxy(target, new Proxy({}, { get: () => NO }));

const throwing = (name: PropertyKey, target: object = new Error("x")): unknown =>
  Object.defineProperty(target, name, { get: NO, enumerable: true });

/** An error of the SDK's whose parts are what no SDK gives. */
const sdkError = (parts: object): unknown => Object.assign(new Error("x"), parts);

/** What anybody may throw, hand over or leave behind, by names for the messages of tests. */
export const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["false", () => false],
  ["a number", () => Number.NaN],
  ["a bigint", () => 7n],
  ["a symbol", () => Symbol("s")],
  ["text", () => "text"],
  ["a function", () => NO],
  ["an object without a prototype", () => Object.create(null) as object],
  ["what is only shaped like an error", () => Object.create(Error.prototype) as object],
  ["what is only shaped like a Date", () => Object.create(Date.prototype) as object],
  ["a frozen error", () => Object.freeze(new Error("x"))],
  ["a proxy that throws at everything", () => shut(new Error("x"))],
  ["a proxy of a function that throws at everything", () => shut(NO)],
  ["a revoked proxy", () => revoked(new Error("x"))],
  ["a revoked proxy of an array", () => revoked([])],
  ["a proxy that hides its prototype", () => new Proxy(new Error("x"), { getPrototypeOf: NO })],
  ...["name", "message", "stack", "cause", "code", "toString", "$metadata", "$response", "how"].map(
    (name) => [`an error with a ${name} that throws`, () => throwing(name)] as const,
  ),
  ["an error whose toString throws", () => sdkError({ toString: NO })],
  ["an error whose name is no text", () => sdkError({ name: { toString: NO } })],
  ["an error whose name is endless", () => sdkError({ name: "n".repeat(1e6) })],
  ["an error whose name is a symbol", () => sdkError({ name: Symbol("n") })],
  ["an error with a shut cause", () => sdkError({ cause: shut({}) })],
  [
    "an error that is its own cause",
    () => {
      const error = new Error("x");
      return Object.assign(error, { cause: error });
    },
  ],
  ["a status that throws", () => sdkError({ $metadata: throwing("httpStatusCode", {}) })],
  ["a status that is no number", () => sdkError({ $metadata: { httpStatusCode: {} } })],
  ["a status beyond numbers", () => sdkError({ $metadata: { httpStatusCode: 1e300 } })],
  ["a shut response", () => sdkError({ $response: shut({}) })],
  ["shut headers", () => sdkError({ $response: { headers: shut({}) } })],
  ["headers that throw", () => sdkError({ $response: { headers: throwing("retry-after", {}) } })],
  [
    "a pause beyond time",
    () => sdkError({ $response: { headers: { "retry-after": "9".repeat(400) } } }),
  ],
  ["a pause that is no time", () => sdkError({ $response: { headers: { "retry-after": "x" } } })],
  ["a body that cannot be dropped", () => sdkError({ $response: Object.freeze({ body: {} }) })],
  ["a thenable that throws", () => ({ then: NO })],
  ["a then that throws", () => throwing("then", {})],
  ["an aggregate of such", () => new AggregateError([shut({}), revoked({})], "x")],
];
