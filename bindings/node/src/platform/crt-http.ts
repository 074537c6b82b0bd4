import type { http } from "aws-iot-device-sdk-v2";
import { errorName, loadCrt } from "./crt.js";
import { contextFor } from "./crt-tls.js";
import { hostHeader, lateError, REPLY_BYTES, tlsProblem } from "./tls.js";
import type { MutualTlsReply, MutualTlsRequest, TlsProblem } from "./types.js";

type Connection = http.HttpClientConnection;

/** Of the time there is, for connecting; the rest is for finding out what went wrong. */
const CONNECT_SHARE = 0.8;

const LONGEST_CONNECT_MS = 65535; // of TCP alone; the runtime takes no more

/**
 * One GET under mutual TLS, as {@link getOverTls} makes it, with a key that only a
 * PKCS#11 library can use. The context and the event loop outlive it.
 */
export async function getOverCrt(
  asked: MutualTlsRequest,
  signal: AbortSignal,
): Promise<MutualTlsReply | TlsProblem> {
  const found = contextFor(asked.material);
  if ("problem" in found) return found;
  const { http, io } = loadCrt();
  const { host, port, connectTo, timeoutMs } = asked;
  const end = performance.now() + timeoutMs;
  const connectMs = Math.max(1, Math.floor(timeoutMs * CONNECT_SHARE));
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
      Math.min(connectMs, LONGEST_CONNECT_MS),
    ),
    new io.TlsConnectionOptions(found.context, host),
  );
  const acquiring = manager.acquire();
  try {
    const connection = await within(acquiring, connectMs, timeoutMs, signal).catch(
      async (error: unknown) => {
        throw signal.aborted ? error : await explained(error, asked, end - performance.now());
      },
    );
    return await within(exchange(connection, asked), end - performance.now(), timeoutMs, signal);
  } catch (error) {
    throw named(error);
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

/**
 * The runtime keeps the failure of a handshake to itself for up to half a minute,
 * and never says what was wrong.
 */
async function explained(
  error: unknown,
  asked: MutualTlsRequest,
  leftMs: number,
): Promise<unknown> {
  const name = errorName(error);
  if (name.startsWith("AWS_") && !name.startsWith("AWS_IO_TLS")) return error;
  if (!asked.material.verifyPeer || leftMs <= 0) return error;
  const code = await tlsProblem(asked, leftMs);
  return code === undefined ? error : coded(code);
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
