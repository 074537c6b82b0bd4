import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { createServer, request, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { StandIn } from "./stand-in.js";

/** A server on loopback. */
export class WebServer {
  private constructor(
    readonly origin: string,
    readonly server: Server,
  ) {}

  static async start(listener: RequestListener): Promise<WebServer> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new WebServer(`http://127.0.0.1:${port}`, server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/**
 * Pages by their paths, as a site serves them, and what stands behind: the backend
 * that gives credentials of a role.
 */
export function site(
  files: ReadonlyMap<string, Uint8Array | string>,
  standIn: StandIn,
  role: string,
): RequestListener {
  const sts = new STSClient(standIn.client);
  const assume = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "page" });
  const kinds = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
  return (incoming, response) => {
    const { pathname, search } = new URL(incoming.url ?? "/", "http://site");
    const answer = (value: Promise<unknown>) => {
      value.then(
        (known) => response.end(JSON.stringify(known)),
        () => response.writeHead(500).end(),
      );
    };
    const file = files.get(pathname);
    if (file !== undefined) {
      const kind = kinds[pathname.split(".").at(-1) as keyof typeof kinds];
      response.setHeader("content-type", kind).end(file);
    } else if (pathname === "/credentials") {
      answer(
        sts.send(assume).then(({ Credentials: set }) => ({
          accessKey: set?.AccessKeyId,
          secretKey: set?.SecretAccessKey,
          token: set?.SessionToken,
          expiryTime: set?.Expiration,
        })),
      );
    } else if (pathname === "/revoke") {
      answer(standIn.revoke(search.slice(1)).then(() => ({})));
    } else {
      response.writeHead(404).end();
    }
  };
}

/**
 * Lets pages of other origins call what is at `target`, as a bucket's CORS rules do.
 * The host goes on as the page signed it.
 */
export function withCors(target: string): RequestListener {
  return (incoming, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*, authorization");
    if (incoming.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    const { method, headers, url = "/" } = incoming;
    const outgoing = request(new URL(url, target), { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    outgoing.once("error", () => response.destroy());
    incoming.pipe(outgoing);
  };
}
