import type { STSClientConfig } from "@aws-sdk/client-sts";
import { platform } from "#platform";
import { isA, peek, quietly } from "../common/guard.js";
import { isRecord } from "../common/check.js";

type RequestHandler = NonNullable<STSClientConfig["requestHandler"]>;

/** How a client of ours reaches its service. */
export interface Transport {
  /** Goes into the client's settings. */
  settings: { requestHandler?: RequestHandler };
  /**
   * Ends the connections that were made for the client, and no other: what the user
   * gave may be in use elsewhere. The client's own `destroy` would end all.
   */
  close(): void;
}

/**
 * Connections of a client's own where the user gave none.
 *
 * @param given what the user's settings have as `requestHandler`: a handler, or its
 *   settings, in which there may be agents
 * @param quiet they do not keep the process alive: whoever waits has a timer that does
 */
export function transportFor(given: RequestHandler | undefined, quiet: boolean): Transport {
  const theirs = given ?? {};
  const isHandler = !isRecord(theirs) || typeof peek(theirs, "handle") === "function";
  if (platform === undefined || isHandler) {
    return {
      settings: given === undefined ? {} : { requestHandler: given },
      close: () => undefined,
    };
  }
  const { httpAgent, httpsAgent, ...rest } = theirs as Record<string, unknown>;
  const made = platform.agents(quiet, {
    http: settingsOf(httpAgent),
    https: settingsOf(httpsAgent),
  });
  const requestHandler = {
    ...rest,
    httpAgent: made.http ?? httpAgent,
    httpsAgent: made.https ?? httpsAgent,
  } as RequestHandler;
  return {
    settings: { requestHandler },
    close: () => {
      quietly(() => made.http?.destroy());
      quietly(() => made.https?.destroy());
    },
  };
}

/** The settings for an agent of ours; undefined: there is one of the user's. */
function settingsOf(agent: unknown): object | undefined {
  if (typeof peek(agent, "destroy") === "function") return undefined;
  return isA(agent, Object) ? agent : {};
}
