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

/** Seconds or a date, as Retry-After has them, to milliseconds from now; 0: none. */
export function retryAfter(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** Forgets a response's body, the stream that holds on to connection and request. */
export function dropBody(response: unknown): void {
  if (typeof response !== "object" || response === null) return;
  quietly(() => Reflect.set(response, "body", undefined));
}
