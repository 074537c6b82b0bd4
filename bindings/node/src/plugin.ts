import { refuseOwnSigning } from "./old-sdk.js";

/** The middleware in which the SDK signs, and signs again. */
const SIGNING = "httpSigningMiddleware";

/**
 * What `client.middlewareStack.use(...)` takes, for clients of any service: their
 * stacks differ only in the types of what they carry.
 */
export interface ClientPlugin {
  /** Adds the middleware; the stack calls it. */
  applyToStack(stack: ClientStack): void;
}

/** The part of a client's middleware stack that a plug-in uses. */
export interface ClientStack {
  // each client has its own types of input and output, and we look at neither
  /* eslint-disable @typescript-eslint/no-explicit-any */
  /** Adds a middleware to a step. */
  add(middleware: any, options: any): void;
  /** Adds a middleware before or behind another. */
  addRelativeTo(middleware: any, options: any): void;
  /* eslint-enable @typescript-eslint/no-explicit-any */
}

/** A set of credentials, as far as a signed request tells. */
export interface Signer {
  accessKeyId: string;
  sessionToken: string;
}

interface Args {
  request: unknown;
}

type Handler = (args: Args) => Promise<unknown>;

/**
 * A plug-in that reports the set that signed a rejected request, and has the call
 * signed and sent once more. Not by the SDK's retries: those have a budget for
 * each client, which a hundred calls that meet one rejected set would exhaust.
 *
 * @param isRejection tells by its code whether an error speaks of the credentials
 */
export function rejectionPlugin(
  isRejection: (code: string) => boolean,
  report: (signer: Signer) => void,
): ClientPlugin {
  const reported = new WeakSet<object>();
  const notice = (next: Handler) => async (args: Args) => {
    try {
      return await next(args);
    } catch (error) {
      const signer = error instanceof Error ? signerOf(args.request) : undefined;
      if (signer !== undefined && isRejection((error as Error).name)) {
        report(signer);
        reported.add(error as Error);
      }
      throw error;
    }
  };
  const again = (next: Handler) => async (args: Args) => {
    try {
      return await next(args);
    } catch (error) {
      if (!reported.has(Object(error) as object) || !isReplayable(args.request)) throw error;
      return next(args);
    }
  };
  return {
    applyToStack: (stack) => {
      refuseOwnSigning(stack, SIGNING);
      // around the reading of the reply, where the request is signed already;
      // used twice, it is there once
      const around = { step: "deserialize", priority: "high", override: true };
      stack.add(notice, { ...around, name: "evercredsRejection" });
      stack.addRelativeTo(again, {
        relation: "before",
        toMiddleware: SIGNING,
        name: "evercredsSignAgain",
        override: true,
      });
    },
  };
}

/** A stream was read for the first attempt, and cannot be read again. */
function isReplayable(request: unknown): boolean {
  const { body } = request as { body?: unknown };
  return body === undefined || typeof body === "string" || ArrayBuffer.isView(body);
}

/** Who signed a request; undefined: nobody, or not with temporary credentials. */
function signerOf(request: unknown): Signer | undefined {
  const { headers = {} } = request as { headers?: Record<string, string | undefined> };
  const accessKeyId = /Credential=([^/,]+)/.exec(headers["authorization"] ?? "")?.[1];
  const sessionToken = headers["x-amz-security-token"];
  if (accessKeyId === undefined || sessionToken === undefined) return undefined;
  return { accessKeyId, sessionToken };
}
