import { systemClock } from "../common/clock.js";
import type { http, io } from "aws-iot-device-sdk-v2";
import { errorName, loadCrt } from "./crt.js";
import { LOOPBACK, Relay } from "./crt-relay.js";
import { contextFor, forgetToken } from "./crt-tls.js";
import { isOfToken, tokenProblem } from "./crt-token.js";
import { REPLY_BYTES } from "../sources/limit.js";
import { lookAt } from "./server-look.js";
import { hostHeader, lateError, telling, untrusted } from "./tls.js";
import type { MutualTlsReply, MutualTlsRequest, TlsProblem } from "./types.js";

type Connection = http.HttpClientConnection;

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
  const end = systemClock.elapsed() + asked.timeoutMs;
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
        throw named(error);
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
  const { host, port, connectTo, timeoutMs } = asked;
  const leftMs = () => Math.max(1, end - systemClock.elapsed());
  const timely: Timely = (promise) => within(promise, leftMs(), timeoutMs, signal);
  await timely(look(asked, leftMs()));
  const relay = new Relay(connectTo?.host ?? host, connectTo?.port ?? port);
  try {
    const relayPort = await timely(relay.open());
    const manager = managerFor(context, host, relayPort, leftMs());
    return await getBy(manager, relay, asked, timely);
  } finally {
    relay.close();
  }
}

/** Waits for a promise as long as a request may. */
type Timely = <T>(promise: Promise<T>) => Promise<T>;

/** A manager, since nothing else ever gives the memory of a connection back. */
function managerFor(
  context: io.ClientTlsContext,
  host: string,
  relayPort: number,
  connectMs: number,
): http.HttpClientConnectionManager {
  const { http, io } = loadCrt();
  return new http.HttpClientConnectionManager(
    undefined, // the one event loop of the process
    LOOPBACK,
    relayPort,
    1,
    REPLY_BYTES,
    new io.SocketOptions(
      io.SocketType.STREAM,
      io.SocketDomain.IPV4,
      Math.ceil(Math.min(connectMs, LONGEST_CONNECT_MS)),
    ),
    new io.TlsConnectionOptions(context, host), // the name that is shown and checked
  );
}

async function getBy(
  manager: http.HttpClientConnectionManager,
  relay: Relay,
  asked: MutualTlsRequest,
  timely: Timely,
): Promise<MutualTlsReply> {
  const acquiring = manager.acquire();
  try {
    const connection = await timely(Promise.race([acquiring, relay.lost]));
    // it is open, since the relay lets nothing close it before the request has begun
    return await timely(exchange(connection, asked, relay));
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

/** Rejects where the server is not to be trusted. */
async function look(asked: MutualTlsRequest, leftMs: number): Promise<void> {
  const code = await lookAt(asked, leftMs);
  if (code !== undefined) throw telling(coded(code), untrusted(code));
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

function exchange(
  connection: Connection,
  asked: MutualTlsRequest,
  relay: Relay,
): Promise<MutualTlsReply> {
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
    relay.begun();
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
