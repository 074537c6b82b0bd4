import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { gate, virtualSession } from "./support/session.js";

/** What tracers (OpenTelemetry, X-Ray) keep: the span of whoever runs. */
const span = new AsyncLocalStorage<string>();

test("callers A and B ask, each in a context of its own; the attempt runs in A's, who began it", async () => {
  const { session, source } = virtualSession();
  const { opened, open } = gate();
  const seen: (string | undefined)[] = [];
  source.answer = async () => {
    seen.push(span.getStore());
    await opened;
    seen.push(span.getStore());
    return source.set();
  };
  const ask = (name: string) =>
    span.run(name, async () => {
      await session.credentials();
      return span.getStore();
    });
  const asked = [ask("A"), ask("B")];
  open();
  expect(await Promise.all(asked)).toEqual(["A", "B"]);
  expect(seen).toEqual(["A", "A"]);
  await span.run("C", () => session.refresh());
  expect(seen.slice(2)).toEqual(["C", "C"]);
  session.close();
});
