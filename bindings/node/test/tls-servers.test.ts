import { describe, expect, test } from "vitest";
import { RefreshableSession } from "../src/index.js";
import type { IotOptions } from "../src/index.js";
import { LATE_MS } from "./support/patience.js";
import { noSoftHsm, tokenSession } from "./support/softhsm.js";
import type { TlsServer } from "./support/stand-in.js";
import { TLS_TABLE, useTlsServers } from "./support/tls-table.js";
import { run, built } from "./support/package.js";

const servers = useTlsServers();

async function verdict(row: TlsServer, options: object, hasToken: boolean): Promise<void> {
  const timeout = row.reason === "time-out" ? 0.5 : LATE_MS / 1000;
  const connectTo = { host: "127.0.0.1", port: servers.portOf(row.name) };
  const session = new RefreshableSession({ ...options, timeout, connectTo } as IotOptions);
  const from = performance.now();
  const error = await session.refresh().then(
    () => undefined,
    (failure: unknown) => failure as Error,
  );
  const message = error?.message ?? "";
  expect(performance.now() - from).toBeLessThan(LATE_MS);
  // awscrt does not go on with a server that asks for no certificate
  const denied = hasToken ? /answered 403|no reply/ : /answered 403/;
  const expected = { accepted: /^$/, denied, refused: /no reply/ };
  expect(message).toMatch(expected[row.expected]);
  if (row.reason === "certificate") {
    expect(message).toMatch(/: the server's certificate is not to be trusted \(\w+\)/);
  }
  // nor does it tell what a server says of the device
  if (row.reason === "device" && !hasToken) {
    expect(message).toMatch(/: the server refuses the device's certificate \(\w+\)/);
  }
  if (row.reason === "time-out") expect(message).toContain("within 0.5 s");
}

describe("TLS servers, good and bad", () => {
  test.each(TLS_TABLE)("$name, with PEM: $expected $reason", (row) =>
    verdict(row, servers.standIn.iot, false),
  );

  test.skipIf(noSoftHsm !== undefined).each(TLS_TABLE)(
    "$name, with a key in a token: $expected $reason",
    (row) => verdict(row, tokenSession(servers.standIn, "ec"), true),
  );

  // awscrt frees a request twice that it cannot begin, the second time when V8 collects it
  test.skipIf(noSoftHsm !== undefined)(
    "a key in a token is refused, and the thread is late with the request: the process lives on",
    async () => {
      const connectTo = { host: "127.0.0.1", port: servers.portOf("strangers") };
      const text = `import { createRequire } from "node:module";
        import { RefreshableSession } from ${JSON.stringify(built)};
        const { http } = createRequire(${JSON.stringify(built)})("aws-iot-device-sdk-v2");
        const { acquire } = http.HttpClientConnectionManager.prototype;
        http.HttpClientConnectionManager.prototype.acquire = async function () {
          const connection = await acquire.call(this);
          const from = performance.now();
          while (performance.now() - from < 200); // long enough for the server's answer
          return connection;
        };
        const session = new RefreshableSession(${JSON.stringify({ ...tokenSession(servers.standIn, "ec"), maxWait: 0, connectTo })});
        let failed = 0;
        for (let turn = 0; turn < 8; turn++) {
          await session.refresh().catch(() => failed++);
          globalThis.gc();
          await new Promise((resolve) => setTimeout(resolve, 10)); // finalizers run between turns
        }
        console.log(failed);`;
      const args = ["--expose-gc", "--input-type=module", "--eval", text];
      const { stdout } = await run(process.execPath, args, { timeout: LATE_MS });
      expect(stdout.trim()).toBe("8");
    },
  );

  test
    .skipIf(noSoftHsm !== undefined)
    .each(TLS_TABLE.filter(({ name }) => /^tls-1.[012]|sha1|1024/.test(name)))(
    "$name, with an RSA key in a token: $expected $reason",
    (row) => verdict(row, tokenSession(servers.standIn, "rsa"), true),
  );
});
