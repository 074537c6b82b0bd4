import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { EvercredsError, RefreshableSession, type SessionOptions } from "../src/index.js";
import * as abi from "../src/library/abi-generated.js";
import type { Trouble } from "../src/sources/said.js";
import { StandIn } from "./support/stand-in.js";

let standIn: StandIn;
let home: string;
const servers: ReturnType<typeof createServer>[] = [];
const opened: RefreshableSession[] = [];
beforeAll(async () => {
  standIn = await StandIn.start();
});
afterAll(async () => {
  await standIn.stop();
});

/** No set-up of this machine's reaches the SDK's chain. */
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "evercreds-troubles-"));
  const unset = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"];
  for (const name of [...unset, "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", home);
  vi.stubEnv("AWS_CONFIG_FILE", join(home, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  writeFileSync(join(home, "config"), "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await standIn.clearFaults();
  for (const server of servers.splice(0)) server.close();
  for (const session of opened.splice(0)) session.close();
  rmSync(home, { recursive: true });
});

/** A session that assumes a role of the trouble's own. */
function assume(name: string, client: object, more: object = {}): SessionOptions {
  const { assumeRole = {}, ...options } = more as { assumeRole?: object };
  return {
    assumeRole: { RoleArn: standIn.role(name), ...assumeRole },
    stsClient: { ...standIn.client, ...client },
    maxWait: 0,
    ...options,
  };
}

async function refused(
  name: string,
  code: string,
  message = "no",
  more: object = {},
): Promise<SessionOptions> {
  const role = standIn.role(name);
  await standIn.inject({ kind: "error", role, status: 403, code, message });
  return assume(name, {}, more);
}

/** Where a server of the test's own answers. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** With the credentials of the SDK's own chain. */
const chained = { credentials: undefined };

const device = (code: () => string) => ({
  assumeRole: { SerialNumber: "arn:aws:iam::123456789012:mfa/me" },
  mfaTokenProvider: code,
});

const answers = async (name: string, status: number) => {
  const endpoint = await answering((_, reply) => reply.writeHead(status).end());
  return assume(name, { endpoint });
};

const PROVOKED: Record<Trouble, () => SessionOptions | Promise<SessionOptions>> = {
  "no-region": () => assume("no-region", { region: undefined }),
  "no-profile": () => {
    vi.stubEnv("AWS_PROFILE", "no-such-profile");
    return assume("no-profile", chained);
  },
  "login-ended": () => {
    const lines = ["sso_start_url = https://example.awsapps.com/start", "sso_region = us-east-1"];
    const role = ["sso_account_id = 123456789012", "sso_role_name = reader"];
    writeFileSync(join(home, "config"), ["[profile sso]", ...lines, ...role, ""].join("\n"));
    vi.stubEnv("AWS_PROFILE", "sso");
    return assume("login-ended", chained);
  },
  "no-credentials": () => assume("no-credentials", chained),
  "short-base": () => {
    const customCredentialsMethod = () => ({
      accessKey: "x",
      secretKey: "x",
      token: "x",
      expiryTime: new Date(Date.now() + 40_000),
    });
    const first = new RefreshableSession({ method: "custom", customCredentialsMethod });
    opened.push(first);
    return assume("short-base", { credentials: first.credentials });
  },
  "no-code": () =>
    assume(
      "no-code",
      {},
      device(() => {
        throw new Error("no device");
      }),
    ),
  "mfa-refused": () => {
    const message = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
    return refused(
      "mfa-refused",
      "AccessDenied",
      message,
      device(() => "123456"),
    );
  },
  "access-denied": () => refused("access-denied", "AccessDenied"),
  "alias-denied": () => ({ ...standIn.iot, thingName: "another-thing", maxWait: 0 }),
  "no-alias": () => ({ ...standIn.iot, roleAlias: "no-such-alias", maxWait: 0 }),
  "unknown-key": () => {
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x".repeat(40) };
    return assume("unknown-key", { credentials });
  },
  clock: () => {
    const { credentials } = standIn.client;
    const secretAccessKey = `${credentials.secretAccessKey}x`;
    return assume("clock", { credentials: { ...credentials, secretAccessKey } });
  },
  "expired-credentials": () => refused("expired", "ExpiredToken"),
  throttled: () => refused("throttled", "Throttling"),
  "region-disabled": () => refused("region-disabled", "RegionDisabledException"),
  "bad-request": () => refused("bad-request", "PackedPolicyTooLarge"),
  proxy: () => answers("proxy", 407),
  "no-aws-reply": () => answers("no-aws-reply", 502),
  "service-down": () => refused("service-down", "ServiceUnavailable"),
  tls: () => {
    const { host, port } = standIn.iot.connectTo;
    return assume("tls", { endpoint: `https://${host}:${port}` });
  },
  timeout: async () => {
    await standIn.inject({ kind: "hang", role: standIn.role("timeout") });
    return assume("timeout", {
      requestHandler: { requestTimeout: 200, throwOnRequestTimeout: true },
    });
  },
  network: async () => {
    const endpoint = await answering(() => undefined);
    servers.pop()?.close();
    return assume("network", { endpoint });
  },
};

/** The service's codes that mean a trouble. */
function codesOf(name: Trouble): readonly string[] {
  return abi.ANSWERS.filter((answer) => answer.name === name).flatMap(({ codes }) => [...codes]);
}

test.each(Object.keys(abi.TROUBLES) as Trouble[])("%s: its first sentence", async (name) => {
  const session = new RefreshableSession(await PROVOKED[name]());
  const error: unknown = await session.credentials().catch((thrown: unknown) => thrown);
  const { role, lastAwsErrorCode, lastError } = session.status();
  session.close();
  expect(error).toBeInstanceOf(EvercredsError);
  const { message, awsErrorCode = "", cause } = error as EvercredsError;
  if (name === "short-base") expect(error).toMatchObject({ class: "permanent" });
  expect(message.startsWith(`${abi.TROUBLES[name]} (`), message).toBe(true);
  expect([name, ...codesOf(name)]).toContain(awsErrorCode);
  expect(message).toContain(`: ${awsErrorCode}; `);
  expect(message).toContain(` ${role ?? "no role"})`);
  expect(error).toMatchObject({ code: "source", role });
  expect(lastAwsErrorCode).toBe(awsErrorCode);
  expect(lastError?.message).toBe(message);
  expect(cause).toBeDefined();
});

test("a provider of the user's that has no credentials: AWS_PROFILE is not at fault", async () => {
  vi.stubEnv("AWS_PROFILE", "some");
  const error = Object.assign(new Error("nothing there"), { name: "CredentialsProviderError" });
  const credentials = () => Promise.reject(error);
  const session = new RefreshableSession(assume("no-luck", { credentials }));
  await expect(session.credentials()).rejects.toThrow(abi.TROUBLES["no-credentials"]);
  session.close();
});
