import { peek, quietly } from "../common/guard.js";
import type { ClientPlugin } from "../client/plugin.js";
import { malformed } from "./source.js";

/**
 * What is read of a reply at most. Real ones have about 1.1 KB; AWS sets no bound for
 * a token, and recommends to assume none.
 */
export const REPLY_BYTES = 65536;

type Handler = (args: unknown) => Promise<{ response: unknown }>;

/**
 * A plug-in that reads a reply next to the transport, good or bad, and ends it where it
 * is longer than any real one. The user's own request handler is left as it is.
 */
export const limitReplies: ClientPlugin = {
  applyToStack: (stack) => {
    stack.addRelativeTo(
      (next: Handler) => async (args: unknown) => {
        const result = await next(args);
        const body = peek(result.response, "body");
        if (typeof body === "object" && body !== null) {
          Reflect.set(result.response as object, "body", await readBounded(body));
        }
        return result;
      },
      {
        relation: "after",
        toMiddleware: "deserializerMiddleware",
        name: "evercredsLimit",
        override: true,
      },
    );
  },
};

/** The bytes of whatever a transport has for a body. */
async function readBounded(body: object): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of chunks(body)) {
    size += part.byteLength;
    if (size > REPLY_BYTES) {
      throw malformed(`the reply has more than ${REPLY_BYTES} bytes`);
    }
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** What comes, piece by piece; who leaves early ends the stream. */
async function* chunks(body: object): AsyncGenerator<Uint8Array> {
  if (ArrayBuffer.isView(body)) {
    yield new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  } else if (Symbol.asyncIterator in body) {
    // a stream of Node's ends itself when it is left
    for await (const part of body as AsyncIterable<Uint8Array | string>) {
      yield typeof part === "string" ? new TextEncoder().encode(part) : part;
    }
  } else if (body instanceof Blob) {
    yield* chunks(body.stream());
  } else {
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        yield next.value;
      }
    } finally {
      quietly(() => void reader.cancel().catch(() => undefined));
    }
  }
}
