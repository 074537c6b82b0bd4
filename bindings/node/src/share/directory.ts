import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { wrong } from "../common/check.js";
import { Kind } from "../errors.js";
import { quietly } from "../common/guard.js";

/** File systems whose locks may hold on one machine only, by the type that Linux tells. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x65735546, "FUSE"],
  [0x01021997, "9p"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
]);

const KEY_BYTES = 32;
const ABSOLUTE = "must be the absolute path of a directory";

/** Where processes of this user meet by default. */
export function defaultDirectory(): string {
  const { XDG_RUNTIME_DIR: run } = process.env;
  if (run !== undefined && path.isAbsolute(run)) return path.join(run, "evercreds");
  return path.join(homedir(), ".cache", "evercreds", "share");
}

/** The type of a file system as `statfs` tells it. Tests bring one of their own. */
export type TypeOf = (directory: string) => number;

const systemType: TypeOf = (directory) => statfsSync(directory).type;

/**
 * Makes the directory where there is none, and refuses one that is not this user's alone.
 *
 * @param given what a caller, perhaps one without types, has given for it
 * @returns its path, without a slash at the end, which would hide a symbolic link
 * @throws EvercredsValidationError naming `share`
 */
export function checkDirectory(given: unknown, typeOf: TypeOf = systemType): string {
  if (typeof given !== "string") throw wrong("share", ABSOLUTE, given);
  if (!path.isAbsolute(given) || given.includes("\0")) throw refused(ABSOLUTE, "another text");
  const directory = path.resolve(given);
  let found: Stats;
  try {
    makeDirectory(directory);
    found = lstatSync(directory);
  } catch (error) {
    throw refused("must be a directory that can be made or read", codeOf(error));
  }
  const problem = problemOf(found, 0o077);
  if (found.isSymbolicLink()) throw refused("must be no symbolic link", "one");
  if (!found.isDirectory()) throw refused("must be a directory", "a file");
  if (problem !== undefined)
    throw refused("must be a directory of this user's alone, of mode 0700", problem);
  const type = process.platform === "linux" ? NETWORK.get(typeOf(directory) >>> 0) : undefined;
  if (type !== undefined) {
    throw refused("must be a directory on this machine, not on a network file system", type);
  }
  return directory;
}

/**
 * Makes a directory, and those above it that are missing. Node's own way never ends where the
 * kernel answers that there is no such directory, as in /proc or below an automounter.
 */
function makeDirectory(directory: string): void {
  const missing: string[] = [];
  for (let at = directory; !existsSync(at); at = path.dirname(at)) missing.unshift(at);
  for (const each of missing) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/** What is wrong with the owner or the mode of a file; undefined: nothing. */
function problemOf(found: Stats, forbidden: number): string | undefined {
  if (found.uid !== process.geteuid?.()) return "one of another user";
  const mode = found.mode & 0o777;
  return (mode & forbidden) === 0 ? undefined : `mode 0${mode.toString(8)}`;
}

/**
 * The key in the directory, which the first one makes.
 *
 * @throws EvercredsValidationError naming `share` where the file is not this user's alone
 */
export function keyIn(directory: string): Uint8Array {
  const file = path.join(directory, "key");
  const known = readKey(file);
  if (known !== undefined) return known;
  const temporary = path.join(directory, `.key.${randomBytes(8).toString("hex")}`);
  try {
    writeFileSync(temporary, randomBytes(KEY_BYTES), { flag: "wx", mode: 0o600 });
    linkSync(temporary, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw refused("must have a file for its key", codeOf(error));
  } finally {
    quietly(() => {
      unlinkSync(temporary);
    });
  }
  const made = readKey(file);
  if (made === undefined) throw refused("must have a file for its key", "none");
  return made;
}

function readKey(file: string): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw refused("must have a file key that can be read, and is no symbolic link", codeOf(error));
  }
  try {
    const found = fstatSync(fd);
    const problem = found.isFile() ? problemOf(found, 0o177) : "no file";
    if (problem !== undefined)
      throw refused("must have a file key of this user's alone, of mode 0600", problem);
    const key = new Uint8Array(KEY_BYTES + 1);
    if (readSync(fd, key) !== KEY_BYTES)
      throw refused("must have a file key of 32 bytes", "another length");
    return key.subarray(0, KEY_BYTES);
  } finally {
    closeSync(fd);
  }
}

function refused(expectation: string, got: string): Error {
  return wrong("share", expectation, new Kind(got));
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "an error";
}
