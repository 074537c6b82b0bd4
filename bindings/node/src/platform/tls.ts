import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";
import type { MutualTlsReply, MutualTlsRequest, PemTexts } from "./types.js";

/** Replies have about a kilobyte; nothing honest has this much. */
const REPLY_BYTES = 65536;

/**
 * Which of the texts is amiss, and what was expected; undefined: none is. The
 * errors of the engine are dropped, as they may quote what could not be read.
 */
export function checkPem({
  certificate,
  privateKey,
  ca,
}: PemTexts): [keyof PemTexts, string] | undefined {
  const cert = attempt(() => new X509Certificate(certificate));
  if (cert === undefined) return ["certificate", "must be a PEM certificate"];
  const key = attempt(() => createPrivateKey(privateKey as Buffer));
  if (key === undefined) return ["privateKey", "must be a PEM private key, not encrypted"];
  if (attempt(() => cert.checkPrivateKey(key)) !== true) {
    return ["privateKey", "must be the key of certificate"];
  }
  if (ca !== undefined && attempt(() => new X509Certificate(ca)) === undefined) {
    return ["ca", "must be PEM certificates"];
  }
  return undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/**
 * One GET under mutual TLS, on a connection of its own: refreshes are an hour
 * apart, and each may have another certificate. Follows no redirect.
 */
export function getOverMutualTls(
  asked: MutualTlsRequest,
  signal: AbortSignal,
): Promise<MutualTlsReply> {
  const { host, port, path, headers, connectTo, timeoutMs, certificate, privateKey, ca } = asked;
  const options: RequestOptions & { rejectUnauthorized: true } = {
    host: connectTo?.host ?? host,
    port: connectTo?.port ?? port,
    servername: host,
    path,
    headers: { ...headers, host: port === 443 ? host : `${host}:${port}` },
    cert: certificate as Buffer,
    key: privateKey as Buffer,
    ca: ca as Buffer | undefined,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true, // whatever the environment says
    agent: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (reply) => {
      read(reply).then(resolve, reject);
    });
    const late = () => call.destroy(new Error(`no reply within ${timeoutMs / 1000} s`));
    const timer = setTimeout(late, timeoutMs);
    call.once("close", () => {
      clearTimeout(timer);
    });
    call.once("error", reject).end();
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
