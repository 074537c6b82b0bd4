import type { http, io } from "aws-iot-device-sdk-v2";
import { errorName, loadCrt } from "./crt.js";
import { contextFor, forgetToken } from "./crt-tls.js";
import { isOfToken, tokenProblem } from "./crt-token.js";
import { REPLY_BYTES } from "../limit.js";
import { hostHeader, lateError, tlsProblem } from "./tls.js";
import type { MutualTlsReply, MutualTlsRequest, TlsProblem } from "./types.js";

type Connection = http.HttpClientConnection;

/** How long to wait for a connection before the server itself is looked at. */
const LOOK_AFTER_MS = 500;

const LONGEST_CONNECT_MS = 65535; // of TCP alone; the runtime takes no more

/**
 * One GET under mutual TLS, as {@link getOverTls} makes it, with a key that only a
 * PKCS#11 library can use. The context and the event loop outlive it. Where the token
 * was lost it is looked for anew, once.
 */
export async function getOverCrt(
  asked: MutualTlsRequest,
  signal: AbortSignal,
): Promise<MutualTlsReply | TlsProblem> {
  const end = performance.now() + asked.timeoutMs;
  for (let turn = 1; ; turn++) {
    const found = contextFor(asked.material);
    if ("problem" in found) return found;
    const leave = found.library?.enter();
    try {
      return await get(found.context, asked, end, signal);
    } catch (error) {
      leave?.();
      const name = errorName(error);
      const { token } = asked.material;
      if (token === undefined || found.library === undefined || !isOfToken(name)) {
        throw signal.aborted ? error : named(await explained(error, asked, end));
      }
      const hope = forgetToken(asked.material, found.library, name);
      if (!hope || turn === 2) return tokenProblem(token, name);
    } finally {
      leave?.();
    }
  }
}

async function get(
  context: io.ClientTlsContext,
  asked: MutualTlsRequest,
  end: number,
  signal: AbortSignal,
): Promise<MutualTlsReply> {
  const { http, io } = loadCrt();
  const { host, port, connectTo, timeoutMs } = asked;
  const leftMs = () => Math.max(1, end - performance.now());
  // A manager, since nothing else ever gives the memory of a connection back.
  const manager = new http.HttpClientConnectionManager(
    undefined, // the one event loop of the process
    connectTo?.host ?? host,
    connectTo?.port ?? port,
    1,
    REPLY_BYTES,
    new io.SocketOptions(
      io.SocketType.STREAM,
      io.SocketDomain.IPV6,
      Math.ceil(Math.min(leftMs(), LONGEST_CONNECT_MS)),
    ),
    new io.TlsConnectionOptions(context, host),
  );
  const acquiring = manager.acquire();
  const looked = new AbortController();
  try {
    const connection = await within(
      Promise.race([acquiring, untrusted(asked, leftMs(), looked.signal)]),
      leftMs(),
      timeoutMs,
      signal,
    ).finally(() => {
      looked.abort();
    });
    return await within(exchange(connection, asked), leftMs(), timeoutMs, signal);
  } finally {
    // also one that comes when nobody waits for it any more
    const close = (connection: Connection) => {
      connection.close();
      manager.release(connection);
    };
    void acquiring
      .then(close, () => undefined)
      .finally(() => {
        manager.close();
      });
  }
}

/** The runtime never says what was wrong with a handshake. */
async function explained(error: unknown, asked: MutualTlsRequest, end: number): Promise<unknown> {
  const leftMs = end - performance.now();
  if (!errorName(error).startsWith("AWS_IO_TLS")) return error;
  if (!asked.material.verifyPeer || leftMs <= 0) return error;
  const code = await tlsProblem(asked, leftMs);
  return code === undefined ? error : coded(code);
}

/**
 * Rejects where the server is not to be trusted, or does not take part, and else never
 * settles. The runtime keeps the failure of a handshake to itself for up to half a
 * minute, and never says what was wrong; so if it has not connected soon, the server is
 * looked at by other means.
 */
function untrusted(asked: MutualTlsRequest, leftMs: number, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (!asked.material.verifyPeer) return;
    const timer = setTimeout(() => {
      void tlsProblem(asked, leftMs - LOOK_AFTER_MS).then((code) => {
        if (code !== undefined) reject(coded(code));
      });
    }, LOOK_AFTER_MS).unref();
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
    });
  });
}

/** Rejects when the time is over or the signal is aborted, whatever becomes of the rest. */
function within<T>(
  promise: Promise<T>,
  ms: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const fail = (error: unknown) => {
      leave();
      // what others threw, as they threw it
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(error);
    };
    const abort = () => {
      fail(signal.reason);
    };
    const timer = setTimeout(() => {
      fail(lateError(timeoutMs));
    }, ms).unref();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    promise.then((value) => {
      leave();
      resolve(value);
    }, fail);
  });
}

function exchange(connection: Connection, asked: MutualTlsRequest): Promise<MutualTlsReply> {
  const { http } = loadCrt();
  const headers = { host: hostHeader(asked), accept: "application/json", ...asked.headers };
  const sent = new http.HttpRequest(
    "GET",
    asked.path,
    new http.HttpHeaders(Object.entries(headers)),
  );
  const stream = connection.request(sent);
  return new Promise((resolve, reject) => {
    const reply: MutualTlsReply = { status: 0, headers: {}, body: "" };
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("response", (status, received) => {
      reply.status = status;
      for (const [name, value] of received) reply.headers[name.toLowerCase()] = value;
    });
    stream.on("data", (chunk) => {
      size += chunk.byteLength;
      if (size <= REPLY_BYTES) chunks.push(Buffer.from(chunk.slice(0)));
      else reject(new Error(`the reply has more than ${REPLY_BYTES} bytes`));
    });
    stream.on("end", () => {
      resolve({ ...reply, body: Buffer.concat(chunks).toString("utf8") });
    });
    stream.on("error", reject);
    stream.activate();
  });
}

/** Errors of the runtime give way to their names; others stay what they are. */
function named(error: unknown): unknown {
  const name = errorName(error);
  return name.startsWith("AWS_") ? coded(name) : error;
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
