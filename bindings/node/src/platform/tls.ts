import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";
import tls from "node:tls";
import { REPLY_BYTES } from "../sources/limit.js";
import type { MutualTlsReply, MutualTlsRequest, PemTexts, TlsMaterial } from "./types.js";

const WHOLE = "must be complete PEM text";

/**
 * Which of the texts is amiss, and what was expected; undefined: none is. The
 * errors of the engine are dropped, as they may quote what could not be read.
 */
export function checkPem(texts: PemTexts): [keyof PemTexts, string] | undefined {
  const { certificate, ca } = texts;
  if (certificate !== undefined) {
    const cert = attempt(() => new X509Certificate(certificate));
    if (cert === undefined) return ["certificate", "must be a PEM certificate"];
    const problem = checkKey(cert, texts.privateKey);
    if (problem !== undefined) return ["privateKey", problem];
    if (isCut(certificate)) return ["certificate", WHOLE];
  }
  if (ca !== undefined && attempt(() => new X509Certificate(ca)) === undefined) {
    return ["ca", "must be PEM certificates"];
  }
  if (ca !== undefined && isCut(ca)) return ["ca", WHOLE];
  return undefined;
}

/**
 * Whether a block has no end, as in a file that is being written: what is left of a
 * chain could pass for a shorter one.
 */
function isCut(text: Uint8Array): boolean {
  const all = Buffer.from(text).toString("latin1");
  return all.split("-----BEGIN ").length !== all.split("-----END ").length;
}

function checkKey(cert: X509Certificate, text: Uint8Array | undefined): string | undefined {
  if (text === undefined) return undefined; // a token has it
  const key = attempt(() => createPrivateKey(text as Buffer));
  if (key === undefined) return "must be a PEM private key, not encrypted";
  return attempt(() => cert.checkPrivateKey(key)) === true
    ? undefined
    : "must be the key of certificate";
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/**
 * How a server's TLS has to be: no SHA-1 in its chain, no RSA key below 2048 bits. What
 * the engine itself takes depends on its version.
 */
export const STRICT = {
  minVersion: "TLSv1.2",
  ciphers: `${tls.DEFAULT_CIPHERS}:@SECLEVEL=2`,
} as const;

/** To read keys and authorities takes longer than all the rest; they seldom change. */
const contexts = new WeakMap<TlsMaterial, tls.SecureContext>();

function contextFor(material: TlsMaterial): tls.SecureContext {
  let context = contexts.get(material);
  if (context === undefined) {
    context = tls.createSecureContext({
      cert: material.certificate as Buffer | undefined,
      key: material.privateKey as Buffer | undefined,
      ca: material.ca as Buffer | undefined,
      ...STRICT,
    });
    contexts.set(material, context);
  }
  return context;
}

/**
 * One GET under mutual TLS, on a connection of its own: refreshes are an hour
 * apart, and each may have another certificate. Follows no redirect.
 */
export function getOverTls(asked: MutualTlsRequest, signal: AbortSignal): Promise<MutualTlsReply> {
  const { host, port, path, headers, connectTo, timeoutMs, material } = asked;
  return new Promise((resolve, reject) => {
    const options: RequestOptions & Pick<tls.ConnectionOptions, "secureContext"> = {
      host: connectTo?.host ?? host,
      port: connectTo?.port ?? port,
      servername: host,
      path,
      headers: { ...headers, host: hostHeader(asked) },
      secureContext: contextFor(material),
      rejectUnauthorized: material.verifyPeer, // whatever the environment says
      agent: false,
      signal,
    };
    const call = request(options, (reply) => {
      read(reply).then(resolve, reject);
    });
    // whoever waits keeps the process alive; a refresh for which nobody does must not
    call.once("socket", (socket) => socket.unref());
    const late = () => call.destroy(lateError(timeoutMs));
    const timer = setTimeout(late, timeoutMs).unref();
    call.once("close", () => {
      clearTimeout(timer);
    });
    const fail = (error: Error) => {
      reject(explained(error));
    };
    call.once("error", fail).end();
  });
}

/** The name that the request is for, as HTTP writes it. */
export function hostHeader({ host, port }: MutualTlsRequest): string {
  return port === 443 ? host : `${host}:${port}`;
}

export function lateError(timeoutMs: number): Error {
  return new Error(`no reply within ${timeoutMs / 1000} s`);
}

/** Codes of OpenSSL's verdicts on certificates, as Node has them, and Node's own. */
const UNTRUSTED =
  /CERT|CRL|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)|^PATH_LENGTH|^HOSTNAME|^UNSPECIFIED$/;

/** What a server says that does not take a certificate, or none. */
const REFUSED =
  /alert[_ ]((?:[a-z0-9]+[_ ])*(?:certificate|unknown[_ ]ca|access[_ ]denied)(?:[_ ][a-z]+)*)/i;

/** An error over a connection; it tells in words whose certificate was refused. */
function explained(error: Error): Error {
  const { code = "", message } = error as { code?: string; message: string };
  const alert = REFUSED.exec(code) ?? REFUSED.exec(message);
  if (alert?.[1] !== undefined) {
    const name = alert[1].trim().toUpperCase().replaceAll(" ", "_");
    return telling(error, `the server refuses the device's certificate (${name})`);
  }
  if (!code.startsWith("ERR_SSL") && UNTRUSTED.test(code)) return telling(error, untrusted(code));
  return error;
}

/** Says that a server is not to be trusted, and why. */
export function untrusted(code: string): string {
  const why = code === "UNSPECIFIED" ? "SHA1_OR_SHORT_KEY" : code; // of level 2; Node has no name
  return `the server's certificate is not to be trusted (${why})`;
}

/** An error whose words are safe, and better than its code. */
export function telling(error: Error, told: string): Error {
  return Object.assign(error, { told });
}

async function read(reply: IncomingMessage): Promise<MutualTlsReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > REPLY_BYTES) throw new Error(`the reply has more than ${REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString("utf8");
  return { status: reply.statusCode ?? 0, headers: reply.headers, body };
}
