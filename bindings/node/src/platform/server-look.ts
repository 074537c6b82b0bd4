import { systemClock } from "../common/clock.js";
import { request } from "node:http";
import type { Socket } from "node:net";
import tls from "node:tls";
import { STRICT } from "./tls.js";
import type { TlsMaterial } from "./types.js";

/** An HTTP proxy on the way to a server. */
export interface Proxy {
  host: string;
  port: number;
  /** The header that it wants; undefined: none. */
  authorization: string | undefined;
}

/** A server, and the way to it. */
export interface Server {
  host: string;
  port: number;
  /** The address to connect to instead; the server is still to be `host`. */
  connectTo?: { host: string; port: number } | undefined;
  proxy?: Proxy | undefined;
  /** What is offered in the handshake; undefined: nothing. */
  alpn?: string | undefined;
  material: TlsMaterial;
}

/**
 * Looks at the certificate of a server, without showing one, and gives the code of
 * what is wrong with it; undefined: nothing, or that could not be told in time.
 *
 * The AWS runtime takes certificates that were signed with SHA-1 or have short keys,
 * keeps the failure of a handshake to itself for up to half a minute, and never says
 * what was wrong. So OpenSSL looks at the server beside it.
 */
export async function lookAt(server: Server, timeoutMs: number): Promise<string | undefined> {
  if (!server.material.verifyPeer) return undefined;
  const end = systemClock.elapsed() + timeoutMs;
  const { proxy } = server;
  try {
    const socket = proxy && (await tunnel(proxy, `${server.host}:${server.port}`, timeoutMs));
    return await verdict(server, socket, Math.max(1, end - systemClock.elapsed()));
  } catch {
    return undefined; // there is no way to it, which the connection will tell
  }
}

function verdict(
  { host, port, connectTo, alpn, material }: Server,
  socket: Socket | undefined,
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = tls.connect({
      ...(socket ? { socket } : { host: connectTo?.host ?? host, port: connectTo?.port ?? port }),
      servername: host,
      ca: material.ca as Buffer | undefined,
      rejectUnauthorized: false, // to be told apart from other failures
      ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
      ...STRICT,
    });
    const timer = setTimeout(() => probe.destroy(), timeoutMs).unref();
    probe.unref();
    let problem: string | undefined;
    // In TLS 1.2 who wants a certificate of ours ends the handshake for want of it. By
    // then its own is here, and so are the keys, which is told.
    probe.once("keylog", () => {
      problem = verdictOn(probe, host);
    });
    probe.once("secureConnect", () => {
      // its type says Error, and it is a code
      problem = probe.authorized ? undefined : String(probe.authorizationError);
      probe.destroy();
    });
    probe.once("error", () => undefined); // which the caller knows already
    probe.once("close", () => {
      clearTimeout(timer);
      resolve(problem);
    });
  });
}

/** What is wrong with a server's certificate in the midst of a handshake. */
function verdictOn(probe: tls.TLSSocket, host: string): string | undefined {
  try {
    // Node asks its own binding so, and has no other way before the end
    const { _handle: handle } = probe as unknown as {
      _handle?: { verifyError?: () => { code?: unknown } | null };
    };
    const code = handle?.verifyError?.()?.code;
    if (typeof code === "string") return code;
    const certificate = probe.getPeerCertificate();
    if (Object.keys(certificate).length === 0) return undefined; // none is here yet
    return tls.checkServerIdentity(host, certificate) && "ERR_TLS_CERT_ALTNAME_INVALID";
  } catch {
    return undefined;
  }
}

/** A connection to the target by way of a proxy. */
function tunnel(proxy: Proxy, target: string, timeoutMs: number): Promise<Socket> {
  const { host, port, authorization } = proxy;
  return new Promise((resolve, reject) => {
    const headers = {
      host: target,
      ...(authorization !== undefined && { "proxy-authorization": authorization }),
    };
    const call = request({ host, port, method: "CONNECT", path: target, agent: false, headers });
    const timer = setTimeout(() => call.destroy(), timeoutMs).unref();
    call.once("close", () => {
      clearTimeout(timer);
      reject(new Error("no tunnel"));
    });
    call.once("connect", ({ statusCode }, socket: Socket) => {
      clearTimeout(timer);
      if (statusCode === 200) resolve(socket);
      else socket.destroy();
    });
    call.once("response", (reply) => reply.destroy()); // a refusal
    call.once("error", reject);
    call.once("socket", (socket) => socket.unref());
    call.end();
  });
}
