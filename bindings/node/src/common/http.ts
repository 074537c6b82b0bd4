import { peek, quietly } from "./guard.js";

/** A Date header counts in seconds: this is the latest instant that it can mean. */
const DATE_SLACK_MS = 999;

/** One header of a response of the SDK's, whose type is its transport's own. */
export function header(response: unknown, name: string): string | undefined {
  const headers = peek(response, "headers");
  for (const [key, value] of Object.entries(headers ?? {}) as [string, unknown][]) {
    if (key.toLowerCase() === name && typeof value === "string") return value;
  }
  return undefined;
}

/** A Date header's latest meaning in milliseconds; 0 without a readable one. */
export function serverTime(date: string | undefined): number {
  const ms = Date.parse(date ?? "");
  return Number.isNaN(ms) ? 0 : ms + DATE_SLACK_MS;
}

/** Forgets a response's body, the stream that holds on to connection and request. */
export function dropBody(response: unknown): void {
  if (typeof response !== "object" || response === null) return;
  quietly(() => Reflect.set(response, "body", undefined));
}
