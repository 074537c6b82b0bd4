import { Evidence } from "../library/abi-generated.js";
import { guarded, isA, peek, quietly } from "../common/guard.js";
import { dropBody } from "../common/http.js";
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

/** The session behind a plug-in. */
interface Reporting {
  /** Evidence: what a service's answer says of the set that signed the call. */
  evidence(code: string, httpStatus: number, isHead: boolean): number;
  /** Whether the session handed that set out. */
  knows(signer: Signer): boolean;
  /** Told of a request that was signed to be sent by others, and until when. */
  presigned(accessKeyId: string, untilMs: number): void;
  /** Another set than this, as soon as there is one. */
  another(report: Report, signal: AbortSignal | undefined): Promise<Signer>;
}

/** A set that a service refused, and how surely. */
export interface Report {
  set: Signer;
  /** Evidence */
  evidence: number;
}

interface Args {
  input?: unknown;
  request: unknown;
}

type Handler = (args: Args) => Promise<unknown>;

/**
 * A plug-in that reports the set that signed a refused request, and has the call
 * signed and sent once more with another. Not by the SDK's retries: those have a
 * budget for each client, which a hundred calls that meet one refused set would
 * exhaust. A call reports once.
 */
export function rejectionPlugin(session: Reporting): ClientPlugin {
  const refusals = new WeakMap<object, Report>();
  const reported = new WeakSet<object>();
  const notice = (next: Handler) => async (args: Args) => {
    try {
      return await next(args);
    } catch (error) {
      const report = guarded(() => read(session, args.request, error), undefined);
      if (report !== undefined) {
        refusals.set(error as object, report);
        dropBody(peek(error, "$response")); // it leads to the request, and was read already
      }
      throw error;
    }
  };
  const again = (next: Handler, context: unknown) => async (args: Args) => {
    try {
      return await next(args);
    } catch (error) {
      const report = refusals.get(Object(error) as object);
      // the SDK's own retries come by here too, with the one request of their call
      if (report === undefined || reported.has(args.request as object)) throw error;
      reported.add(args.request as object);
      const another = session.another(report, signalOf(context));
      if (!isReplayable(args)) {
        another.catch(() => undefined); // for the next call; this one waits for nothing
        throw error;
      }
      if (!(await isServed(another, report.set, error))) throw error;
      return next(args);
    }
  };
  const lookAtPresigned = (next: Handler) => async (args: Args) => {
    const result = await next(args);
    quietly(() => {
      const found = presignedBy(peek(peek(result, "output"), "presigned"));
      if (found !== undefined) session.presigned(found.accessKeyId, found.untilMs);
    });
    return result;
  };
  return {
    applyToStack: (stack) => {
      refuseOwnSigning(stack, SIGNING);
      // the SDK's presigner ends the call before it is sent, with the signed request as output
      const first = { step: "initialize", priority: "high", override: true };
      stack.add(lookAtPresigned, { ...first, name: "evercredsPresigned" });
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

/** Who signed a request beforehand, and until when it is to be good; undefined: it is none. */
function presignedBy(request: unknown): { accessKeyId: string; untilMs: number } | undefined {
  const query = peek(request, "query");
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text(query, "X-Amz-Date"));
  const [accessKeyId = ""] = text(query, "X-Amz-Credential").split("/", 1);
  const seconds = Number(text(query, "X-Amz-Expires"));
  if (date === null || accessKeyId === "" || !(seconds > 0)) return undefined;
  const [year, month, ...rest] = date.slice(1).map(Number) as [number, number, number];
  return { accessKeyId, untilMs: Date.UTC(year, month - 1, ...rest) + seconds * 1000 };
}

function text(query: unknown, name: string): string {
  const value = peek(query, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What a failed call says against the set that signed it; undefined: nothing. */
function read(session: Reporting, request: unknown, error: unknown): Report | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const set = signerOf(request);
  if (set === undefined || !session.knows(set)) return undefined;
  const name = peek(error, "name");
  const code = typeof name === "string" ? name : "";
  // S3 answers HEAD alike where the bucket is in another region than the call was signed
  // for: that is no word against the set
  const isHead = peek(request, "method") === "HEAD" && !isElsewhere(request, error);
  const evidence = session.evidence(code, statusOf(error), isHead);
  return evidence === Evidence.NONE ? undefined : { set, evidence };
}

/** Whether a reply names a bucket's region, and the call was signed for another. */
function isElsewhere(request: unknown, error: object): boolean {
  const bucket = peek(peek(peek(error, "$response"), "headers"), "x-amz-bucket-region");
  const { region } = scopeOf(request);
  return typeof bucket === "string" && region !== undefined && bucket !== region;
}

function statusOf(error: object): number {
  const status =
    peek(peek(error, "$metadata"), "httpStatusCode") ??
    peek(peek(error, "$response"), "statusCode");
  return Number.isInteger(status) ? (status as number) : 0;
}

/** Whether there is another set; else the service's error tells, as its cause, why not. */
async function isServed(another: Promise<Signer>, refused: Signer, error: unknown) {
  try {
    const { accessKeyId, sessionToken } = await another;
    return accessKeyId !== refused.accessKeyId || sessionToken !== refused.sessionToken;
  } catch (cause) {
    quietly(() => {
      if (peek(error, "cause") !== undefined) return;
      const property = { value: cause, configurable: true, writable: true, enumerable: false };
      Object.defineProperty(error, "cause", property);
    });
    return false;
  }
}

/** The signal that the call was made with, where the SDK tells. */
function signalOf(context: unknown): AbortSignal | undefined {
  const signal = peek(peek(context, "__smithy_context"), "abortSignal");
  return isA(signal, AbortSignal) ? signal : undefined;
}

/** A stream was read for the first attempt, and a one-time code is never sent twice. */
function isReplayable({ input, request }: Args): boolean {
  if (peek(input, "TokenCode") !== undefined) return false;
  const body = peek(request, "body");
  return body === undefined || typeof body === "string" || ArrayBuffer.isView(body);
}

/** Who signed a request; undefined: nobody, or not with temporary credentials. */
function signerOf(request: unknown): Signer | undefined {
  const { accessKeyId } = scopeOf(request);
  const sessionToken = headersOf(request)["x-amz-security-token"];
  if (accessKeyId === undefined || sessionToken === undefined) return undefined;
  return { accessKeyId, sessionToken };
}

/**
 * Key and region of a signature's scope, `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
 * Version 4a signs for a set of regions, and has none there.
 */
function scopeOf(request: unknown): { accessKeyId?: string; region?: string } {
  const scope = /Credential=([^/,]+)([^,]*)/.exec(headersOf(request)["authorization"] ?? "");
  const region = /^\/[^/]+\/([^/]+)\/[^/]+\/aws4_request$/.exec(scope?.[2] ?? "")?.[1];
  return {
    ...(scope?.[1] !== undefined && { accessKeyId: scope[1] }),
    ...(region !== undefined && { region }),
  };
}

function headersOf(request: unknown): Record<string, string | undefined> {
  return (request as { headers?: Record<string, string | undefined> }).headers ?? {};
}
