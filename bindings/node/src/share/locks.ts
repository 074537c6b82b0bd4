import { spawn } from "node:child_process";
import { accessSync, close, constants, fstat, open, stat } from "node:fs";
import { createRequire as requireFrom } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { quietly } from "../common/guard.js";

// Node has no flock(2). Where the package koffi is installed, it is called by that. Else
// flock(1) of the system locks a file that this process has opened: the lock belongs to
// the open file, so it stays when that program has ended, and falls with this process.

/** A lock that this process holds. It falls with the process too. */
export interface Lock {
  release(): void;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** macOS: open(2) itself takes a lock. Not tried. */
const O_EXLOCK = 0x20;

const RETRY_MS = 5;

/** Locks an open file at once, or says that another has done so. */
type Flock = (fd: number, shared: boolean) => boolean;

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

const [openFile, statFile, statOpen] = [promisify(open), promisify(stat), promisify(fstat)];

let native: Flock | null | undefined;

/** flock(2), by koffi; null: it is not installed, or does not run here. */
function nativeFlock(): Flock | null {
  if (native !== undefined) return native;
  try {
    const koffi = requireFrom(import.meta.url)("koffi") as typeof import("koffi");
    const flock = koffi.load(null).func("int flock(int fd, int operation)") as (
      fd: number,
      operation: number,
    ) => number;
    native = (fd, shared) => flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) === 0;
  } catch {
    native = null;
  }
  return native;
}

/** @internal Tests lock as where koffi is not installed. */
export function withoutNative(isGone: boolean): void {
  native = isGone ? null : undefined;
}

/** The program flock; undefined: it is not there. */
function program(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, "flock"))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Why files cannot be locked here, as a predicate; undefined: they can. */
export function lockProblem(): string | undefined {
  if (process.platform === "darwin") return undefined;
  if (process.platform !== "linux") {
    return "needs locks that it has on Linux and macOS only; give a store, such as RedisStore or DynamoDBStore";
  }
  if (nativeFlock() !== null || program() !== undefined) return undefined;
  return "needs the program flock of util-linux, or the package koffi; install one, or give a store, such as RedisStore or DynamoDBStore";
}

/**
 * Locks a file, which is made where there is none, for this process alone.
 *
 * @param patienceMs how long to try; 0: once
 * @param shared others who only look may have it too
 * @returns undefined: another process has the lock
 */
export async function lockFile(
  file: string,
  patienceMs: number,
  shared = false,
): Promise<Lock | undefined> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const fd = await openLocked(file, end - performance.now(), shared);
    if (fd === undefined) return undefined;
    if (await isFile(fd, file)) return lockOf(fd);
    close(fd); // it was removed, and another has the name
  }
}

async function openLocked(
  file: string,
  patienceMs: number,
  shared: boolean,
): Promise<number | undefined> {
  const flock = nativeFlock();
  const byOpen = flock === null && process.platform === "darwin";
  if (byOpen) return retried(patienceMs, () => openExclusively(file));
  const fd = await openFile(file, FLAGS, 0o600);
  try {
    const isLocked =
      flock === null
        ? await runFlock(fd, patienceMs, shared)
        : (await retried(patienceMs, () => Promise.resolve(flock(fd, shared) || undefined))) ===
          true;
    if (isLocked) return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
  close(fd);
  return undefined;
}

async function retried<T>(
  patienceMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const end = performance.now() + patienceMs; ;) {
    const found = await attempt();
    if (found !== undefined || performance.now() >= end) return found;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function openExclusively(file: string): Promise<number | undefined> {
  try {
    return await openFile(file, FLAGS | O_EXLOCK | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    if ((error as { code?: unknown }).code === "EAGAIN") return undefined;
    throw error;
  }
}

/**
 * Has flock(1) lock an open file, within a bound. It stays in no terminal's group, whose
 * Ctrl-C is not for it.
 */
function runFlock(fd: number, patienceMs: number, shared: boolean): Promise<boolean> {
  const kind = shared ? "-s" : "-x";
  const args = patienceMs > 0 ? [kind, "3"] : ["-n", kind, "3"];
  return new Promise((resolve, reject) => {
    const child = spawn(program() ?? "flock", args, {
      stdio: ["ignore", "ignore", "ignore", fd],
      detached: true,
      env: {},
    });
    const kill = () => child.kill("SIGKILL");
    const timer = patienceMs > 0 ? setTimeout(kill, patienceMs) : undefined;
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

async function isFile(fd: number, file: string): Promise<boolean> {
  const [opened, named] = await Promise.all([statOpen(fd), statFile(file).catch(() => undefined)]);
  return named?.ino === opened.ino && named.dev === opened.dev;
}

function lockOf(fd: number): Lock {
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      quietly(() => {
        close(fd);
      });
    },
  };
}
