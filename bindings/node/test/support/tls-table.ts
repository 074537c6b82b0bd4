import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { makeToken, noSoftHsm } from "./softhsm.js";
import { StandIn, type TlsServer } from "./stand-in.js";

/** The servers, good and bad, that all languages are held to. */
export const TLS_TABLE = JSON.parse(
  readFileSync(
    new URL("../../../../internal/awstest/testdata/tls_servers.json", import.meta.url),
    "utf8",
  ),
) as TlsServer[];

/** Runs these servers while the tests of a file run, with a token where there can be one. */
export function useTlsServers() {
  let standIn: StandIn;
  let home: string;
  beforeAll(async () => {
    standIn = await StandIn.start("--tls-servers");
    home = mkdtempSync(path.join(tmpdir(), "evercreds tls-"));
    if (noSoftHsm === undefined) makeToken(home, standIn);
  });
  afterAll(async () => {
    await standIn.stop();
    rmSync(home, { recursive: true });
  });
  return {
    get standIn(): StandIn {
      return standIn;
    },
    portOf(name: string): number {
      return standIn.tlsServers.find((row) => row.name === name)?.port ?? 0;
    },
  };
}
