import * as abi from "../library/abi-generated.js";
import { EvercredsError } from "../errors.js";
import { isA, isReadable, nameOf, peek } from "../common/guard.js";
import { SourceFailure } from "./source.js";

/** A cause of failures that is known, by our name for it. */
export type Trouble = keyof typeof abi.TROUBLES;

/** What is known of a failed attempt. */
export interface Said {
  /** The service's error code, or our word for what is wrong. */
  readonly code?: string;
  /** A service has told it. */
  readonly byService?: boolean;
  readonly trouble?: Trouble;
}

const NOTHING: Said = {};

/** How far a chain of causes is looked at. */
const CAUSES = 8;

/** How a service's answer means a trouble. */
interface Answer {
  readonly methods: readonly number[];
  readonly codes: readonly string[];
  readonly statuses: readonly number[];
  readonly message: string;
  readonly name: Trouble;
}

const ANSWERS: readonly Answer[] = abi.ANSWERS;

/** The codes of Node's own errors. */
const BY_CODE: readonly (readonly [RegExp, Trouble])[] = [
  [/^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, "timeout"],
  [/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|EPIPE)$/, "network"],
  [/^(UND_ERR_SOCKET|ERR_SOCKET_CONNECTION_TIMEOUT)$/, "network"],
  [/^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET_ISSUER))/, "tls"],
];

/** Tells what is known of what an attempt threw, which may be anything. */
export function saidOf(method: number, error: unknown): Said {
  return isReadable(error) ? read(method, error, CAUSES) : NOTHING;
}

function read(method: number, error: unknown, depth: number): Said {
  if (depth === 0 || error === undefined) return NOTHING;
  if (isA(error, SourceFailure)) {
    const { malformed, trouble, status, code, message } = error.how;
    if (malformed === true) return NOTHING;
    if (trouble !== undefined) return ownWord(trouble);
    if (status !== undefined) return answered(method, code, status, message);
    return read(method, error.cause, depth - 1);
  }
  // of a session that this one has its base credentials from
  if (isShortBase(method, error)) return ownWord("short-base");
  if (isA(error, EvercredsError)) return read(method, error.cause, depth - 1);
  if (typeof peek(error, "$fault") === "string") {
    const status = peek(peek(error, "$metadata"), "httpStatusCode");
    // the SDK's classes add "Exception" to the names of some codes
    const code = peek(error, "Code") ?? peek(error, "name");
    return answered(method, code, status, peek(error, "message"));
  }
  const trouble = unanswered(method, error);
  return trouble === undefined ? read(method, peek(error, "cause"), depth - 1) : ownWord(trouble);
}

/** Whether the session that has the base credentials has none that last for the call. */
export function isShortBase(method: number, error: unknown): error is EvercredsError {
  return method === abi.Method.STS && isA(error, EvercredsError) && error.code === "min-ttl";
}

/** Reads a service's answer. Of a code that does not look like one nothing is shown. */
function answered(method: number, code: unknown, status: unknown, message: unknown): Said {
  const isCode = typeof code === "string" && !abi.NO_CODES.includes(code);
  const shown = isCode && abi.CODE_SHAPE.test(code) ? code : "";
  const begins = typeof message === "string" ? message : "";
  const meant = ANSWERS.find(
    (answer) =>
      answer.methods.includes(method) &&
      ((answer.codes.includes(shown) && begins.startsWith(answer.message)) ||
        (shown === "" && answer.statuses.includes(Number(status)))),
  );
  if (shown !== "") {
    return { code: shown, byService: true, ...(meant !== undefined && { trouble: meant.name }) };
  }
  return meant === undefined ? NOTHING : ownWord(meant.name);
}

function ownWord(trouble: Trouble): Said {
  return { code: trouble, trouble };
}

/** Our word for what kept a service from an answer; undefined: it is not known. */
function unanswered(method: number, error: unknown): Trouble | undefined {
  const code = peek(error, "code");
  const found = BY_CODE.find(([codes]) => typeof code === "string" && codes.test(code));
  if (found !== undefined) return found[1];
  const name = nameOf(error);
  if (name === "TimeoutError") return "timeout";
  return method === abi.Method.STS ? unsigned(error, name) : undefined;
}

/** What is wrong with the base credentials, by what the SDK's providers throw. */
function unsigned(error: unknown, name: string): Trouble | undefined {
  if (name !== "CredentialsProviderError" && name !== "TokenProviderError") return undefined;
  const message = peek(error, "message");
  const says = (text: string) => typeof message === "string" && message.includes(text);
  if (says("aws sso login") || says("SSO session")) return "login-ended";
  // the words of the SDK's default chain, which a provider of the user's has none of
  if (says("profile") || (says("from any providers") && hasProfile())) return "no-profile";
  return "no-credentials";
}

function hasProfile(): boolean {
  const env = (globalThis as { process?: { env?: Record<string, unknown> } }).process?.env;
  return Boolean(env?.["AWS_PROFILE"]);
}

/** Says what is wrong and what to do, by whose word, and what it was about. */
export function firstSentence(
  method: number,
  code: number,
  role: string | undefined,
  said: Said,
): string {
  const texts: Readonly<Record<number, readonly [string, string]>> = abi.REASONS;
  const reason = texts[code]?.[1] ?? `reason ${code}`;
  if (!abi.OF_ATTEMPTS.includes(code)) return reason;
  const isLate = code === abi.Code.TIMED_OUT;
  const { code: told, byService = false, trouble }: Said = isLate ? { code: abi.TIMED_OUT } : said;
  const services: Readonly<Record<number, readonly [string, string]>> = abi.SERVICES;
  const [service, doing] = services[method] ?? abi.SERVICES[abi.Method.CUSTOM];
  const facts = [
    ...(told === undefined ? [] : [`${byService ? service : abi.OWN_WORD}: ${told}`]),
    ...(role === undefined ? [] : [doing.replace("{role}", () => role)]),
  ];
  const text = trouble === undefined ? reason : abi.TROUBLES[trouble];
  return facts.length === 0 ? text : `${text} (${facts.join("; ")})`;
}
