import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The time since this machine was booted, time asleep included, and which boot it was. */
export interface Boot {
  readonly id: string;
  /** In milliseconds, whole. */
  now(): number;
}

/** Linux tells it in steps of 10 ms, by the clock that other languages ask for directly. */
const LINUX: () => Boot = () => ({
  id: readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(),
  now: () => Math.floor(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1000),
});

/** Not tried: written after Apple's manual pages. */
const MACOS: () => Boot = () => ({
  id: execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
    encoding: "latin1",
  }).trim(),
  now: () => Number(process.hrtime.bigint() / 1_000_000n),
});

let known: Boot | undefined;

/** @throws where the system does not tell */
export function theBoot(): Boot {
  known ??= process.platform === "darwin" ? MACOS() : LINUX();
  if (known.id === "" || !Number.isSafeInteger(known.now())) throw new Error("no time since boot");
  return known;
}
