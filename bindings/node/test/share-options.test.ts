import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EvercredsValidationError, RefreshableSession, type SessionOptions } from "../src/index.js";
import { FileStore, RedisStore } from "../src/share/index.js";
import { lockProblem, withoutNative } from "../src/share/locks.js";
import { failureOf } from "./support/session.js";

const ROLE = "arn:aws:iam::123456789012:role/worker";
const KEY = new Uint8Array(32);
const store = new RedisStore({ eval: nothing, evalSha: nothing });

function nothing(): Promise<unknown> {
  return Promise.reject(new Error("it is not called"));
}

let home: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "evercreds-options-"));
  directory = path.join(home, "share");
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const custom = { method: "custom", customCredentialsMethod: () => ({}) } as const;
const shared = () => ({ ...custom, shareId: "a", share: directory });
const mfa = {
  assumeRole: { RoleArn: ROLE, SerialNumber: "arn:aws:iam::123456789012:mfa/me" },
  mfaTokenProvider: () => "123456",
};

/** What the constructor says of options. */
function refusal(options: object): EvercredsValidationError {
  try {
    new RefreshableSession(options as SessionOptions).close();
  } catch (error) {
    if (error instanceof EvercredsValidationError) return error;
    throw error;
  }
  return expect.unreachable("it was not refused");
}

describe("options that do not go together, or are none", () => {
  const cases: [what: string, parameter: string, options: () => object][] = [
    ["a function without shareId", "shareId", () => ({ ...custom, share: directory })],
    ["an empty shareId", "shareId", () => ({ ...shared(), shareId: "" })],
    ["half a character", "shareId", () => ({ ...shared(), shareId: "\ud800" })],
    ["shareId of a role", "shareId", () => ({ assumeRole: { RoleArn: ROLE }, shareId: "a" })],
    ["a number", "share", () => ({ ...shared(), share: 1 })],
    ["null", "share", () => ({ ...shared(), share: null })],
    ["a path that is not absolute", "share", () => ({ ...shared(), share: "here" })],
    ["half of a store", "share", () => ({ ...shared(), share: { read: nothing } })],
    ["a store without a key", "shareKey", () => ({ ...shared(), share: store })],
    ["a short key", "shareKey", () => ({ ...shared(), shareKey: new Uint8Array(31) })],
    ["a key as text", "shareKey", () => ({ ...shared(), shareKey: "k".repeat(32) })],
    ["no keys", "shareKey", () => ({ ...shared(), shareKey: [] })],
    ["a short name key", "shareNameKey", () => ({ ...shared(), shareNameKey: new Uint8Array(1) })],
    ["a key without share", "shareKey", () => ({ ...custom, shareKey: KEY })],
    ["a turn without share", "shareTurn", () => ({ ...custom, shareTurn: 5 })],
    ["too long a turn", "shareTurn", () => ({ ...shared(), shareTurn: 31 })],
    ["too long a wait", "shareWait", () => ({ ...shared(), shareWait: 61 })],
    ["codes by Redis", "share", () => ({ ...mfa, share: store, shareKey: KEY })],
    [
      "figures of no store",
      "share",
      () => ({ ...shared(), share: sick({ callMs: 1 }), shareKey: KEY }),
    ],
  ];
  it.each(cases)("%s", (_what, parameter, options) => {
    const error = refusal(options());
    expect(error.parameter).toBe(parameter);
    expect(error.message).toMatch(new RegExp(`^${parameter}`));
  });

  it("a store whose properties throw", () => {
    const share = new Proxy({}, { get: () => expect.unreachable("SENTINEL") });
    expect(refusal({ ...shared(), share }).message).not.toContain("SENTINEL");
  });

  function sick(figures: object) {
    return { read: nothing, campaign: nothing, publish: nothing, resign: nothing, figures };
  }
});

describe("a directory", () => {
  it("is made, for this user alone, and has a key of its own", () => {
    const one = new FileStore(directory);
    const other = new FileStore(directory);
    expect(one.ownKey()).toHaveLength(32);
    expect(other.ownKey()).toEqual(one.ownKey());
  });

  it.each<[string, () => void]>([
    [
      "that others may read",
      () => {
        mkdirSync(directory, { mode: 0o755 });
      },
    ],
    [
      "that is a symbolic link",
      () => {
        symlinkSync(home, directory);
      },
    ],
    [
      "that is a file",
      () => {
        writeFileSync(directory, "");
      },
    ],
    [
      "whose key others may read",
      () => {
        keyed(KEY, 0o644);
      },
    ],
    [
      "whose key is short",
      () => {
        keyed(new Uint8Array(31), 0o600);
      },
    ],
    [
      "whose key is a link",
      () => {
        linked();
      },
    ],
  ])("%s is refused", (_what, make) => {
    make();
    expect(refusal(shared()).parameter).toBe("share");
  });

  function keyed(key: Uint8Array, mode: number): void {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(path.join(directory, "key"), key);
    chmodSync(path.join(directory, "key"), mode);
  }

  function linked(): void {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(path.join(home, "other"), KEY, { mode: 0o600 });
    symlinkSync(path.join(home, "other"), path.join(directory, "key"));
  }

  it.skipIf(process.geteuid?.() !== 0)("of another user is refused", async () => {
    const { chownSync } = await import("node:fs");
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, 12345, 12345);
    expect(refusal(shared()).message).toContain("another user");
  });

  it.skipIf(process.platform !== "linux")("on a network file system is refused", () => {
    const options = { typeOf: () => 0x6969 } as object;
    expect(() => new FileStore(directory, options)).toThrow(/network file system; got NFS$/);
  });

  it.skipIf(process.platform !== "linux")("is refused where nothing locks files", () => {
    const { PATH } = process.env;
    withoutNative(true);
    try {
      process.env["PATH"] = home;
      expect(lockProblem()).toContain("flock");
      const { message } = refusal(shared());
      expect(message).toMatch(/^share needs the program flock.*RedisStore or DynamoDBStore/);
    } finally {
      process.env["PATH"] = PATH;
      withoutNative(false);
    }
  });
});

it("a wait below twice the turn is told once", async () => {
  const warnings: string[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (text: string) => warnings.push(text),
  };
  const session = new RefreshableSession({
    ...shared(),
    ...{ shareTurn: 5, shareWait: 9, logger },
    customCredentialsMethod: () => Promise.reject(new Error("none")),
  });
  await failureOf(session.credentials({ forceRefresh: true }));
  session.close();
  expect(warnings.filter((text) => text.includes("twice shareTurn"))).toHaveLength(1);
});
