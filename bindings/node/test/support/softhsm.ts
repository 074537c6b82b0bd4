import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Pkcs11Options } from "../../src/index.js";
import { LATE_MS } from "./patience.js";
import type { StandIn } from "./stand-in.js";

export const PIN = "86420975310";
export const SO_PIN = "13579024680";
export const LABEL = "evercreds-things";

const PLACES = [
  process.env["SOFTHSM2_LIBRARY"],
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/softhsm/libsofthsm.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
  "/usr/local/lib/softhsm/libsofthsm2.so",
  "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];
const softHsm = PLACES.find((file) => file !== undefined && existsSync(file));
/** The module that stands before SoftHSM, and locks and goes away as real tokens do. */
let library: string | undefined;

/** Why there can be no token; undefined: there can. */
export const noSoftHsm = isThere() ? undefined : "SoftHSM is not installed: ./task services";
if (noSoftHsm !== undefined && process.env["CI"]) throw new Error(noSoftHsm);

function isThere(): boolean {
  try {
    execFileSync("softhsm2-util", ["--version"], { stdio: "ignore" });
    return softHsm !== undefined;
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
export function makeToken(
  home: string,
  standIn: StandIn,
  keys: readonly ("ec" | "rsa")[] = ["ec", "rsa"],
): { slotId: number } {
  const tokens = path.join(home, "tokens");
  mkdirSync(tokens);
  const conf = path.join(home, "softhsm2.conf");
  writeFileSync(
    conf,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env["SOFTHSM2_CONF"] = conf;
  told = path.join(home, "told");
  mkdirSync(told);
  process.env["EVERCREDS_TOKEN_DIR"] = told;
  if (softHsm !== undefined) process.env["SOFTHSM2_LIBRARY"] = softHsm;
  library = path.join(home, "token.so");
  const source = fileURLToPath(
    new URL("../../../../internal/awstest/token/token.c", import.meta.url),
  );
  const flags = [
    "-std=gnu11",
    "-O1",
    "-shared",
    "-fPIC",
    "-o",
    library,
    source,
    "-ldl",
    "-lpthread",
  ];
  execFileSync(process.env["CC"] ?? "cc", flags, { stdio: "pipe" });
  return addToken(LABEL, standIn, keys);
}

/** The files by which the module is told what to do, and what it tells. */
let told = "";

/** Has the token out, slow and so on while a file is there: see internal/awstest/token. */
export const module = {
  put: (name: string, text = "") => {
    writeFileSync(path.join(told, name), text);
  },
  drop: (name: string) => {
    rmSync(path.join(told, name), { force: true });
  },
  /** How often a token was asked for a login. */
  logins: () => {
    const log = path.join(told, "log");
    return existsSync(log) ? readFileSync(log, "utf8").split("C_Login").length - 1 : 0;
  },
};

export function util(...args: string[]): string {
  const options = { stdio: "pipe", timeout: LATE_MS, encoding: "utf8" } as const;
  return execFileSync("softhsm2-util", args, options);
}

/** Makes a token with these keys in it; gives its slot. */
export function addToken(
  label: string,
  standIn: StandIn,
  keys: readonly ("ec" | "rsa")[] = ["ec", "rsa"],
): { slotId: number } {
  const pins = ["--so-pin", SO_PIN, "--pin", PIN];
  const said = util("--init-token", "--free", "--label", label, ...pins);
  addKeys(label, standIn, keys);
  return { slotId: Number(/slot (\d+)/.exec(said)?.[1]) };
}

export function addKeys(
  token: string,
  standIn: StandIn,
  keys: readonly ("ec" | "rsa")[] = ["ec", "rsa"],
): void {
  const files = { ec: standIn.iot.privateKey, rsa: standIn.device.privateKey };
  keys.forEach((label, at) => {
    const file = files[label];
    const names = ["--token", token, "--label", label, "--id", `0${at + 1}`];
    util("--import", file, ...names, "--pin", PIN);
  });
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
