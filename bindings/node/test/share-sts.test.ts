import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { RefreshableSession, type StsOptions } from "../src/index.js";
import { FileStore } from "../src/share/index.js";
import { Keyring } from "../src/share/keys.js";
import { MfaCodes } from "../src/sources/mfa.js";
import { failureOf } from "./support/session.js";
import { attributes } from "./support/attributes.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
let directory: string;
const sessions: RefreshableSession[] = [];
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(() => standIn.stop());
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "evercreds-sts-"));
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
  rmSync(directory, { recursive: true });
});

/** A session that stands for a process of its own: it has its own owner, turns and locks. */
function open(options: Omit<StsOptions, "method" | "assumeRole">, assumeRole: object) {
  const session = new RefreshableSession({
    stsClient: standIn.client,
    share: new FileStore(directory, { callMs: 10_000 }), // a machine under load is no fault
    ...options,
    assumeRole: assumeRole as StsOptions["assumeRole"],
  });
  sessions.push(session);
  return session;
}

/** The name of the one record that is there. */
function records(): string[] {
  return readdirSync(directory).filter((name) => /^evercreds1-[0-9a-f]{32}$/.test(name));
}

describe("who meets whom", () => {
  it("A and B mean the same role; one call; another name, time or caller is another group", async () => {
    const RoleArn = standIn.role("sharing");
    const same = await Promise.all(
      [1, 2].map(() =>
        open({}, { RoleArn })
          .credentials()
          .then((set) => set.accessKeyId),
      ),
    );
    expect(new Set(same).size).toBe(1);
    expect((await standIn.asked(RoleArn)).successes).toBe(1);
    await open({}, { RoleArn, RoleSessionName: "another" }).credentials();
    await open({ sharePrincipal: "somebody" }, { RoleArn }).credentials();
    await open({}, { RoleArn, DurationSeconds: 1800 }).credentials();
    expect(records()).toHaveLength(4);
    // what is said in another way is the same
    await open({}, { RoleArn, RoleSessionName: "evercreds", DurationSeconds: 3600 }).credentials();
    expect(records()).toHaveLength(4);
  });

  it("a chain: the child's group is named by its parent's, of whoever it is the child", async () => {
    const [hub, app] = [standIn.role("share-hub"), standIn.role("share-app")];
    const sets = await Promise.all(
      [1, 2].map(() => {
        const parent = open({}, { RoleArn: hub });
        const stsClient = { ...standIn.client, credentials: parent.credentials };
        return open({ stsClient }, { RoleArn: app }).credentials();
      }),
    );
    expect(new Set(sets.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect((await standIn.asked(app)).successes).toBe(1);
    expect((await standIn.asked(hub)).successes).toBe(1);
  });
});

describe("why refreshes are not shared", () => {
  /** What a session tells, and what it logs of it. */
  async function reasonOf(options: Omit<StsOptions, "method" | "assumeRole">) {
    const [told, lines]: [unknown[], string[]] = [[], []];
    const log = (text: string) => lines.push(text);
    const logger = { debug: () => undefined, info: () => undefined, warn: log };
    const session = open({ ...options, logger }, { RoleArn: standIn.role("reasons") });
    session.on("share", ({ reason }) => reason !== undefined && told.push(reason));
    await session.credentials();
    await expect.poll(() => lines.length, { timeout: 60_000 }).toBeGreaterThan(0);
    return { told, lines };
  }

  it("the function for keys fails, or gives none", async () => {
    for (const shareKey of [() => Promise.reject(new Error("no KMS")), () => [] as Uint8Array[]]) {
      const { told, lines } = await reasonOf({ shareKey });
      expect(told).toEqual(["key"]);
      expect(lines).toEqual([
        "evercreds: refreshes are not shared for a while: shareKey failed or returned no keys, or the directory has lost its own",
      ]);
    }
  });

  it("AWS does not say who calls", async () => {
    const credentials = await open(
      { share: false },
      { RoleArn: standIn.role("base") },
    ).credentials();
    const stsClient = { ...standIn.client, credentials };
    await standIn.inject({ action: "GetCallerIdentity", kind: "error", code: "AccessDenied" });
    const { told } = await reasonOf({ stsClient });
    expect(told).toEqual(["principal"]);
  });

  it("an entry has a key that A does not know, and A cannot ask again: A's keys stay", async () => {
    const given = [new Uint8Array(32)];
    const keyring = new Keyring(
      () => given.pop() ?? Promise.reject(new Error("no KMS")),
      undefined,
    );
    const ring = await keyring.ring();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 61_000);
    expect(await keyring.renewed()).toBe(ring);
    expect(await keyring.ring()).toBe(ring);
    vi.restoreAllMocks();
  });
});

describe("secrets", () => {
  it("nothing of the role or of the set is in what is stored, told or logged", async () => {
    const RoleArn = standIn.role("SENTINEL-role");
    const assumeRole = {
      ...{ RoleArn, RoleSessionName: "SENTINEL-name", ExternalId: "SENTINEL-external" },
      Tags: [{ Key: "SENTINEL-tag", Value: "SENTINEL-value" }],
    };
    const told: unknown[] = [];
    const log = (text: string, facts: object) => told.push({ text, facts });
    const logger = { debug: log, info: log, warn: log };
    const first = open({ logger }, assumeRole);
    first.on("share", (event) => told.push(event));
    const set = await first.credentials();
    const second = open({ logger }, assumeRole);
    expect((await second.credentials()).accessKeyId).toBe(set.accessKeyId);
    told.push(first.status(), second.status());
    const hidden = [set.accessKeyId, set.secretAccessKey, set.sessionToken, "SENTINEL-external"];
    for (const { path, text } of attributes(told)) {
      for (const secret of hidden) expect(`${path}: ${text}`).not.toContain(secret);
    }
    for (const name of readdirSync(directory)) {
      const bytes = `${name} ${readFileSync(path.join(directory, name), "latin1")}`;
      for (const word of [...hidden, "SENTINEL", RoleArn, "123456789012"]) {
        expect(bytes).not.toContain(word);
        expect(bytes).not.toContain(Buffer.from(word).toString("base64").replace(/.?=*$/, ""));
      }
    }
  });
});

describe("one-time codes", () => {
  const SerialNumber = "arn:aws:iam::123456789012:mfa/me";

  it("A and B have one device; A sends its code; B takes A's set and asks for none", async () => {
    const RoleArn = standIn.role("share-mfa");
    let asked = 0;
    const mfaTokenProvider = () => {
      asked++;
      return String(100000 + asked);
    };
    const sets = await Promise.all(
      [1, 2, 3].map(() => open({ mfaTokenProvider }, { RoleArn, SerialNumber }).credentials()),
    );
    expect(new Set(sets.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(asked).toBe(1);
    const [record = ""] = records();
    const bytes = readFileSync(path.join(directory, record), "utf8");
    for (const name of [SerialNumber, RoleArn, "123456789012"]) expect(bytes).not.toContain(name);
    const { marks } = JSON.parse(bytes) as { marks: object };
    expect(Object.keys(marks)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  it("A forces a refresh with a code that B has sent: it is not sent again", async () => {
    const RoleArn = standIn.role("share-mfa-again");
    const mfaTokenProvider = () => "424242";
    const settings = { mfaTokenProvider, attended: true, maxWait: 0 };
    await open(settings, { RoleArn, SerialNumber }).credentials();
    const other = open(settings, { RoleArn, SerialNumber });
    await other.credentials();
    const error = await failureOf(other.refresh());
    expect(error.message).toContain("another process has sent this one-time code");
    expect((await standIn.asked(RoleArn)).attempts).toBe(1);
  });

  const attempt = { signal: new AbortController().signal, prompted: () => undefined };

  it("an unattended provider is asked again once the code's time is over", async () => {
    const codes = ["111111", "222222"];
    const given = new MfaCodes(() => codes.shift() ?? "");
    given.mark = (_serial, code) => Promise.resolve(code === "111111" ? 29_990 : undefined);
    expect(await given.next(attempt, SerialNumber)).toBe("222222");
  });

  it("if the mark cannot be written, no code is sent", async () => {
    const given = new MfaCodes(() => "111111");
    given.mark = () => Promise.reject(new Error("the disk is full"));
    expect((await failureOf(given.next(attempt, SerialNumber))).message).toContain("not sent");
  });
});
