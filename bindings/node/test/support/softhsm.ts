import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Pkcs11Options } from "../../src/index.js";
import type { StandIn } from "./stand-in.js";

export const PIN = "86420975310";
const LABEL = "evercreds-things";

const PLACES = [
  process.env["SOFTHSM2_LIBRARY"],
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/softhsm/libsofthsm.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
  "/usr/local/lib/softhsm/libsofthsm2.so",
  "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];
const library = PLACES.find((file) => file !== undefined && existsSync(file));

/** Why there can be no token; undefined: there can. */
export const noSoftHsm = isThere() ? undefined : "SoftHSM is not installed: ./task services";
if (noSoftHsm !== undefined && process.env["CI"]) throw new Error(noSoftHsm);

function isThere(): boolean {
  try {
    execFileSync("softhsm2-util", ["--version"], { stdio: "ignore" });
    return library !== undefined;
  } catch {
    return false;
  }
}

/**
 * Makes a token of SoftHSM's, with the keys of the stand-in's client certificates in
 * it. It is one for all tests of a process, since SoftHSM reads where its tokens are
 * but once.
 *
 * @returns where SoftHSM put it
 */
export function makeToken(home: string, standIn: StandIn): { slotId: number } {
  const tokens = path.join(home, "tokens");
  mkdirSync(tokens);
  const conf = path.join(home, "softhsm2.conf");
  writeFileSync(
    conf,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env["SOFTHSM2_CONF"] = conf;
  const util = (...args: string[]) =>
    execFileSync("softhsm2-util", [...args, "--pin", PIN], { stdio: "pipe", timeout: 30_000 });
  const said = util("--init-token", "--free", "--label", LABEL, "--so-pin", "13579024680");
  const keys = { ec: standIn.iot.privateKey, rsa: standIn.device.privateKey };
  Object.entries(keys).forEach(([label, file], at) => {
    util("--import", file, "--token", LABEL, "--label", label, "--id", `0${at + 1}`);
  });
  return { slotId: Number(/slot (\d+)/.exec(said.toString())?.[1]) };
}

/** Names a key in the token; where there is none, the library is just some file. */
export function inToken(key: "ec" | "rsa", changes: Partial<Pkcs11Options> = {}): Pkcs11Options {
  return {
    ...{
      pkcs11Lib: library ?? process.execPath,
      userPin: PIN,
      tokenLabel: LABEL,
      privateKeyLabel: key,
    },
    ...changes,
  };
}

/** Options of a session whose key is in the token. */
export function tokenSession(
  standIn: StandIn,
  key: "ec" | "rsa",
  changes: Partial<Pkcs11Options> = {},
) {
  const options = { ...standIn.iot, privateKey: undefined };
  const certificate = key === "ec" ? standIn.iot.certificate : standIn.device.certificate;
  return { ...options, certificate, pkcs11: inToken(key, changes) };
}
