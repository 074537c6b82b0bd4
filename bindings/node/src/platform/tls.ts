import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";
import tls from "node:tls";
import { REPLY_BYTES } from "../limit.js";
import type { MutualTlsReply, MutualTlsRequest, PemTexts, TlsMaterial } from "./types.js";

const WHOLE = "must be PEM text, whole";

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

/** To read keys and authorities takes longer than all the rest; they seldom change. */
const contexts = new WeakMap<TlsMaterial, tls.SecureContext>();

function contextFor(material: TlsMaterial): tls.SecureContext {
  let context = contexts.get(material);
  if (context === undefined) {
    context = tls.createSecureContext({
      cert: material.certificate as Buffer | undefined,
      key: material.privateKey as Buffer | undefined,
      ca: material.ca as Buffer | undefined,
      minVersion: "TLSv1.2",
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
    call.once("error", reject).end();
  });
}

/** The name that the request is for, as HTTP writes it. */
export function hostHeader({ host, port }: MutualTlsRequest): string {
  return port === 443 ? host : `${host}:${port}`;
}

export function lateError(timeoutMs: number): Error {
  return new Error(`no reply within ${timeoutMs / 1000} s`);
}

/**
 * Looks at the certificate of a server, without showing one, and gives the code of
 * what is wrong with it; undefined: nothing, or that could not be told in time.
 */
export function tlsProblem(
  asked: MutualTlsRequest,
  timeoutMs: number,
): Promise<string | undefined> {
  const { host, port, connectTo, material } = asked;
  const { ca } = material;
  return new Promise((resolve) => {
    const probe = tls.connect({
      host: connectTo?.host ?? host,
      port: connectTo?.port ?? port,
      servername: host,
      ca: ca as Buffer | undefined,
      rejectUnauthorized: false, // to be told apart from other failures
    });
    const timer = setTimeout(() => probe.destroy(), timeoutMs).unref();
    probe.unref();
    let problem: string | undefined;
    probe.once("secureConnect", () => {
      // its type says Error, and it is a code
      if (!probe.authorized) problem = String(probe.authorizationError);
      probe.destroy();
    });
    probe.once("error", () => undefined); // which the caller knows already
    probe.once("close", () => {
      clearTimeout(timer);
      resolve(problem);
    });
  });
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
