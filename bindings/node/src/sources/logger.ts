import type { STSClientConfig } from "@aws-sdk/client-sts";
import { isRecord } from "../common/check.js";
import { nameOf, peek, quietly } from "../common/guard.js";

type Logger = NonNullable<STSClientConfig["logger"]>;

const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/**
 * The user's logger as the session's own clients get it. The SDK logs calls with what
 * they send and bring, one-time codes and session tokens too: what is left of a call is
 * its name and how it ended. And what a logger throws is no failure of a refresh.
 */
export function guardedLogger(given: object): Logger {
  const levels = LEVELS.map((level) => {
    const log = (...content: unknown[]) => {
      quietly(() => {
        const method = peek(given, level);
        if (typeof method !== "function") return;
        const answer: unknown = Reflect.apply(method, given, content.map(withoutSecrets));
        Promise.resolve(answer).catch(() => undefined);
      });
    };
    return [level, log] as const;
  });
  return Object.fromEntries(levels) as unknown as Logger;
}

/** The parts of the SDK's records that hold no secret; its texts are as they are. */
function withoutSecrets(content: unknown): unknown {
  if (!isRecord(content)) return content;
  const { clientName, commandName, metadata, error } = content;
  return {
    clientName,
    commandName,
    metadata,
    ...(error !== undefined && { error: nameOf(error) }),
  };
}
