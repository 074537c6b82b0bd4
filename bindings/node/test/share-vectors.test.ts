import { readFileSync } from "node:fs";
import type { AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { canonical, type Json } from "../src/share/canonical.js";
import { markOf, type Ring, ringOf, storeKeyOf } from "../src/share/keys.js";
import { open, seal } from "../src/share/sealed.js";
import { callerPrincipal, endpointOf, iotInputs, stsInputs } from "../src/share/inputs.js";

/** One vector, which has those of the fields that it needs. */
interface Vector {
  text: string;
  endpoint: string;
  data_key: string;
  id: string;
  mark: string;
  name: string;
  seal: string;
  serial: string;
  code: string;
  seals: string;
  share_id: string;
  store_key: string;
  nonce: string;
  sealed: string;
  fingerprint: string;
  replaces: string;
  is: string;
  why: string;
  access_key: string;
  secret_key: string;
  token: string;
  account: string;
  source_identity: string;
  principal: string;
  method: string;
  canonical: string;
  generation: number;
  expiry_ms: number;
  ends_ms: number;
  life_ms: number;
  notice: number;
  notice_ms: number;
  kind: "set" | "notice" | "caller" | "given";
  keys: string[];
  opens: string[];
  mark_of: string[];
  name_key?: string;
  value: Json;
  given: unknown;
}

/** testdata/share/vectors.json: every language makes and opens the same bytes. */
const vectors = JSON.parse(
  readFileSync(new URL("../../../testdata/share/vectors.json", import.meta.url), "utf8"),
) as Record<string, Vector[]>;

function each(name: string, check: (vector: Vector) => void): void {
  const list = vectors[name] ?? [];
  it(`${name} as the vectors have them`, () => {
    expect(list.length).toBeGreaterThan(0);
    for (const vector of list) check(vector);
  });
}

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const ring = (...keys: string[]): Ring => ringOf(keys.map(bytes));
const text = (sealed: Uint8Array) => Buffer.from(sealed).toString("base64");
const ZERO = "0".repeat(16);

describe("what all languages write alike", () => {
  each("canonical", ({ value, text }) => {
    expect(canonical(value)).toBe(text);
  });

  each("endpoints", ({ given, endpoint }) => {
    expect(endpointOf(String(given))).toBe(endpoint);
  });

  each("keys", ({ data_key, id, mark, name, seal }) => {
    const made = ring(data_key);
    const hex = (key: Uint8Array) => Buffer.from(key).toString("hex");
    expect(made.keys[0].id).toBe(id);
    expect([hex(made.mark), hex(made.name), hex(made.keys[0].seal)]).toEqual([mark, name, seal]);
  });

  each("marks", ({ data_key, serial, code, mark }) => {
    expect(markOf(ring(data_key), serial, code)).toBe(mark);
  });

  each("rings", (vector) => {
    const keys = vector.keys.map(bytes);
    const { name_key, mark, mark_of, opens, seals, share_id, store_key } = vector;
    const made = ringOf(keys, name_key === undefined ? undefined : bytes(name_key));
    expect(made.keys.map(({ id }) => id)).toEqual(opens);
    expect(made.keys[0].id).toBe(seals);
    const [serial = "", code = ""] = mark_of;
    expect(markOf(made, serial, code)).toBe(mark);
    const inputs = { format: 1, method: "custom", share_id };
    expect(storeKeyOf(made, inputs)).toBe(store_key);
  });

  each("sets", (vector) => {
    const { data_key, store_key, nonce, sealed } = vector;
    const { generation, fingerprint, replaces, expiry_ms, ends_ms, life_ms } = vector;
    const header = {
      ...{ kind: "set" as const, generation, fingerprint, replaces },
      ...{ expiryMs: expiry_ms, endsMs: ends_ms, lifeMs: life_ms, notice: 0, noticeMs: 0 },
    };
    const set = {
      accessKey: vector.access_key,
      secretKey: vector.secret_key,
      token: vector.token,
      account: vector.account,
      sourceIdentity: vector.source_identity,
    };
    expect(text(seal(ring(data_key), store_key, header, set, bytes(nonce)))).toBe(sealed);
    const opened = open(ring(data_key), store_key, "set", Buffer.from(sealed, "base64"));
    expect(opened).toEqual({ state: "open", header, set });
  });

  each("notices", ({ data_key, store_key, nonce, sealed, notice, notice_ms }) => {
    const header = {
      ...{ kind: "notice" as const, generation: 0, fingerprint: ZERO, replaces: ZERO },
      ...{ expiryMs: 0, endsMs: 0, lifeMs: 0, notice, noticeMs: notice_ms },
    };
    const made = seal(ring(data_key), store_key, header, undefined, bytes(nonce));
    expect(text(made)).toBe(sealed);
    const opened = open(ring(data_key), store_key, "notice", Buffer.from(sealed, "base64"));
    expect(opened).toEqual({ state: "open", header, set: undefined });
  });

  each("refused", (vector) => {
    const { keys, kind, store_key, sealed, is, why } = vector;
    const opened = open(ring(...keys), store_key, kind as "set", Buffer.from(sealed, "base64"));
    if (!why.endsWith("beside it")) expect([why, opened.state]).toEqual([why, is]);
    else expect(opened.state).toBe("open"); // the group compares what stands beside
  });

  each("principals", ({ kind, given, principal }) => {
    const made = kind === "caller" ? callerPrincipal(String(given)) : `${kind}:${String(given)}`;
    expect(made).toBe(principal);
  });

  each("store_keys", ({ method, given, data_key, canonical: text, store_key }) => {
    const inputs = inputsOf(method, given);
    expect(canonical(inputs)).toBe(text);
    expect(storeKeyOf(ring(data_key), inputs)).toBe(store_key);
  });
});

/** What a session means, in the vectors' words. */
interface GivenInputs {
  share_id: string;
  endpoint: string;
  region: string;
  principal: string;
  role_alias: string;
  thing_name?: string;
  public_key: string;
  role_arn: string;
  session_name: string;
  duration_s?: number;
  external_id?: string;
  source_identity?: string;
  policy?: string;
  policy_arns?: string[];
  tags?: [string, string][];
  transitive_tag_keys?: string[];
  provided_contexts?: [string, string][];
  serial_number?: string;
  minimum_token_size?: number;
}

function inputsOf(method: string, given: unknown): Json {
  const { share_id, endpoint, region, principal } = given as GivenInputs;
  const { role_alias, thing_name, public_key } = given as GivenInputs;
  if (method === "custom") return { format: 1, method, share_id };
  if (method === "iot") return iotInputs(endpoint, role_alias, thing_name, bytes(public_key));
  return stsInputs(callOf(given as GivenInputs), { endpoint, region, principal });
}

function callOf(given: GivenInputs): AssumeRoleCommandInput {
  return {
    RoleArn: given.role_arn,
    RoleSessionName: given.session_name,
    DurationSeconds: given.duration_s,
    ExternalId: given.external_id,
    SourceIdentity: given.source_identity,
    Policy: given.policy,
    PolicyArns: given.policy_arns?.map((arn) => ({ arn })),
    Tags: given.tags?.map(([Key, Value]) => ({ Key, Value })),
    TransitiveTagKeys: given.transitive_tag_keys,
    ProvidedContexts: given.provided_contexts?.map(([ProviderArn, ContextAssertion]) => ({
      ProviderArn,
      ContextAssertion,
    })),
    SerialNumber: given.serial_number,
    MinimumSessionTokenSize: given.minimum_token_size,
  };
}
