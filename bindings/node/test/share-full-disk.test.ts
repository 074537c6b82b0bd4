import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RefreshableSession } from "../src/index.js";
import { FileStore } from "../src/share/index.js";
import { until } from "./support/patience.js";

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  const writeFile: typeof real.writeFile = async (file, data, options) => {
    if (!disk.isFull) {
      await real.writeFile(file, data, options);
      return;
    }
    await real.writeFile(file, "", options); // a name is there, and no more
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  return { ...real, writeFile };
});

let directory: string;
const sessions: RefreshableSession[] = [];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "evercreds-full-"));
});
afterEach(() => {
  disk.isFull = false;
  for (const session of sessions.splice(0)) session.close();
  rmSync(directory, { recursive: true });
});

/** A session that stands for a process of its own, and what it tells. */
function open(asked: () => void = () => undefined) {
  let calls = 0;
  const session = new RefreshableSession({
    method: "custom",
    customCredentialsMethod: () => {
      asked();
      return {
        accessKey: `AKIA${++calls}`,
        ...{ secretKey: "secret", token: `token-${Math.random()}` },
        expiryTime: new Date(Date.now() + 3_600_000),
      };
    },
    share: new FileStore(directory, { callMs: 10_000 }), // a machine under load is no fault
    shareId: "a disk",
  });
  sessions.push(session);
  const told: unknown[] = [];
  session.on("share", ({ share, reason }) => told.push(reason ?? share));
  return { session, told, calls: () => calls };
}

describe("the disk is full", () => {
  it("A asks; its campaign cannot be written; A goes alone, and tells why", async () => {
    disk.isFull = true;
    const { session, told, calls } = open();
    expect((await session.credentials()).accessKeyId).toBe("AKIA1");
    expect(calls()).toBe(1);
    await until(() => told.includes("store"));
    expect(session.status().counters.shareFailures).toBeGreaterThan(0);
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("A leads, and what it brings cannot be written; the turn is over: B leads at once", async () => {
    const first = open(() => (disk.isFull = true));
    await first.session.credentials();
    await until(() => first.session.status().counters.shareFailures > 0);
    expect(first.session.status().counters.sharePublished).toBe(0);
    first.session.close();
    disk.isFull = false;
    const second = open();
    await second.session.credentials();
    expect(second.calls()).toBe(1);
    await until(() => second.session.status().counters.sharePublished === 1);
    expect(second.told).not.toContain("alone");
  });
});
