import {
  chmodSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { checkDirectory } from "../src/share/directory.js";
import { CompareAndSwapStore, FileStore, type Versions } from "../src/share/index.js";
import { openGroup } from "../src/share/open.js";

describe("the directory of a file store", () => {
  const home = mkdtempSync(path.join(tmpdir(), "evercreds-share-directory-"));
  afterAll(() => {
    rmSync(home, { recursive: true });
  });

  it.each([null, 5, {}, "", "store", "~/store", "redis://127.0.0.1:6379", "/tmp/a\0b"])(
    "must be an absolute path: %j is refused",
    (given) => {
      expect(() => new FileStore(given as string)).toThrow(
        expect.objectContaining({ parameter: "share", code: "validation" }),
      );
    },
  );

  it("is made with those above it", () => {
    const directory = path.join(home, "a", "b", "c");
    checkDirectory(directory);
    expect(statSync(path.join(home, "a")).mode & 0o777).toBe(0o700);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it("tells what is in its way", () => {
    const file = path.join(home, "file");
    writeFileSync(file, "");
    expect(() => {
      checkDirectory(file);
    }).toThrow(/must be a directory; got a file/);
    expect(() => {
      checkDirectory(path.join(file, "below"));
    }).toThrow(/can be made or read; got ENOTDIR/);
    symlinkSync(path.join(home, "a"), path.join(home, "link"));
    expect(() => {
      checkDirectory(path.join(home, "link/"));
    }).toThrow(/must be no symbolic link/);
    chmodSync(home, 0o755);
    expect(() => {
      checkDirectory(home);
    }).toThrow(/got mode 0755/);
  });

  // mkdir answers ENOENT there, as an automounter does, and Node's own recursive mkdir never ends
  it.skipIf(!existsSync("/proc/self"))("cannot be made where the kernel makes none", () => {
    expect(() => {
      checkDirectory("/proc/evercreds");
    }).toThrow(/can be made or read; got ENOENT/);
    expect(() => {
      checkDirectory("/proc/evercreds/below");
    }).toThrow(/can be made or read; got ENOENT/);
  });
});

describe("a store whose figures cannot be read", () => {
  it("has those of any other", () => {
    const store = {
      get figures(): never {
        throw new Error("figures");
      },
      read: vi.fn(),
      campaign: vi.fn(),
      publish: vi.fn(),
      resign: vi.fn(),
    };
    const inputs = (): never => {
      throw new Error("not asked");
    };
    const opened = openGroup({
      share: store,
      shareKey: new Uint8Array(32),
      shareNameKey: undefined,
      isExclusive: false,
      inputs,
    });
    expect(opened).toMatchObject({ callMs: 250, pollMs: 100 });
  });
});

describe("an engine with compare-and-swap", () => {
  it.each([undefined, null, 5, {}, { get: vi.fn() }])("is not %j", (given) => {
    expect(() => new CompareAndSwapStore(given as unknown as Versions)).toThrow(
      expect.objectContaining({ parameter: "versions", code: "validation" }),
    );
  });
});
