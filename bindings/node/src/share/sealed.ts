import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { NEVER } from "../library/abi-generated.js";
import { fingerprint, type Hash, hexOf } from "../library/fingerprint.js";
import { canonical } from "./canonical.js";
import type { DataKey, Ring } from "./keys.js";
import { MAX_SEALED } from "./record.js";

/** A set as it is sealed: all strings, empty where there is none. */
export interface SealedSet {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly token: string;
  readonly account: string;
  readonly sourceIdentity: string;
}

/** The clear header of an entry or a notice. */
export interface Header {
  readonly kind: "set" | "notice";
  readonly generation: number;
  /** 16 hex digits; zeros for a notice. */
  readonly fingerprint: string;
  /** Of the refused set in whose place this one was fetched; zeros: none. */
  readonly replaces: string;
  /** As the source wrote it. */
  readonly expiryMs: number;
  /** The same on the store's clock; 0: it has no such end. */
  readonly endsMs: number;
  /** The whole lifetime. */
  readonly lifeMs: number;
  /** Of a notice: its class, plus 16 times the failures in a row. */
  readonly notice: number;
  /** Of a notice: its length. */
  readonly noticeMs: number;
}

/** What became of sealed bytes. */
export type Opened =
  | { readonly state: "open"; readonly header: Header; readonly set: SealedSet | undefined }
  /** Sealed with a key that is not known, or in a later format. */
  | { readonly state: "foreign" }
  /** It does not open. */
  | { readonly state: "junk" };

const MAGIC = "EVCS";
const FORMAT = 1;
const KINDS = ["set", "notice"] as const;
const HEADER = 72;
const NONCE = 12;
const TAG = 16;
const BLOCK = 256;

/** Seals a set, or a notice (without a set), with the first key. */
export function seal(
  ring: Ring,
  storeKey: string,
  header: Header,
  set?: SealedSet,
  nonce: Uint8Array = randomBytes(NONCE),
): Uint8Array {
  const [key] = ring.keys;
  const head = headerBytes(key, header);
  const cipher = createCipheriv("aes-256-gcm", key.seal, nonce);
  cipher.setAAD(Buffer.concat([head, Buffer.from(storeKey)]));
  const body = cipher.update(padded(set));
  return new Uint8Array(Buffer.concat([head, nonce, body, cipher.final(), cipher.getAuthTag()]));
}

function headerBytes(key: DataKey, header: Header): Buffer {
  const head = Buffer.alloc(HEADER);
  head.write(MAGIC);
  head[4] = FORMAT;
  head[5] = KINDS.indexOf(header.kind);
  head.write(key.id, 8, "hex");
  head.writeBigUInt64BE(BigInt(header.generation), 16);
  head.write(header.fingerprint, 24, "hex");
  head.write(header.replaces, 32, "hex");
  head.writeBigUInt64BE(BigInt(header.expiryMs), 40);
  head.writeBigUInt64BE(BigInt(header.endsMs), 48);
  head.writeBigUInt64BE(BigInt(header.lifeMs), 56);
  head.writeUInt32BE(header.notice, 64);
  head.writeUInt32BE(header.noticeMs, 68);
  return head;
}

/** The length of a body is to tell nothing of what is in it but in steps. */
function padded(set: SealedSet | undefined): Buffer {
  const text = canonical(
    set === undefined
      ? {}
      : {
          access_key: set.accessKey,
          secret_key: set.secretKey,
          token: set.token,
          account: set.account,
          source_identity: set.sourceIdentity,
        },
  );
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (BLOCK - 1), " ")]);
}

/** Opens what a store gave. Never throws. */
export function open(
  ring: Ring,
  storeKey: string,
  kind: Header["kind"],
  sealed: Uint8Array,
): Opened {
  try {
    return opened(
      ring,
      storeKey,
      kind,
      Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length),
    );
  } catch {
    return { state: "junk" };
  }
}

function opened(ring: Ring, storeKey: string, kind: Header["kind"], sealed: Buffer): Opened {
  if (sealed.length > MAX_SEALED || sealed.toString("latin1", 0, 4) !== MAGIC) return JUNK;
  const format = sealed[4] ?? 0;
  if (format > FORMAT) return { state: "foreign" };
  const length = sealed.length - HEADER - NONCE - TAG;
  if (format !== FORMAT || length < BLOCK || length % BLOCK !== 0) return JUNK;
  const id = sealed.toString("hex", 8, 16);
  const key = ring.keys.find((known) => known.id === id);
  if (key === undefined) return { state: "foreign" };
  const header = readHeader(sealed);
  if (header.kind !== kind) return JUNK;
  const body = decrypted(key, storeKey, sealed);
  if (kind === "notice") return { state: "open", header, set: undefined };
  const set = readSet(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
  body.fill(0);
  return set !== undefined && fingerprintOf(set) === header.fingerprint
    ? { state: "open", header, set }
    : JUNK;
}

const JUNK: Opened = { state: "junk" };

function decrypted(key: DataKey, storeKey: string, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(HEADER, HEADER + NONCE);
  const decipher = createDecipheriv("aes-256-gcm", key.seal, nonce, { authTagLength: TAG });
  decipher.setAAD(Buffer.concat([sealed.subarray(0, HEADER), Buffer.from(storeKey)]));
  decipher.setAuthTag(sealed.subarray(-TAG));
  const body = decipher.update(sealed.subarray(HEADER + NONCE, -TAG));
  return Buffer.concat([body, decipher.final()]);
}

function fingerprintOf({ accessKey, token }: SealedSet): string {
  return hexOf(fingerprint({ accessKeyId: accessKey, sessionToken: token }));
}

function readHeader(head: Buffer): Header {
  const kind = KINDS[head[5] ?? -1];
  if (kind === undefined || head[6] !== 0 || head[7] !== 0) throw new Error("no such kind");
  const number = (at: number) => {
    const value = Number(head.readBigUInt64BE(at));
    if (value > NEVER) throw new Error("too large a number");
    return value;
  };
  const generation = number(16);
  if (generation >= NEVER) throw new Error("too large a generation");
  return {
    kind,
    generation,
    fingerprint: head.toString("hex", 24, 32),
    replaces: head.toString("hex", 32, 40),
    expiryMs: number(40),
    endsMs: number(48),
    lifeMs: number(56),
    notice: head.readUInt32BE(64),
    noticeMs: head.readUInt32BE(68),
  };
}

function readSet(read: unknown): SealedSet | undefined {
  if (typeof read !== "object" || read === null) return undefined;
  const given = read as Record<string, unknown>;
  const set = {
    accessKey: given["access_key"],
    secretKey: given["secret_key"],
    token: given["token"],
    account: given["account"],
    sourceIdentity: given["source_identity"],
  };
  const isSet = Object.values(set).every((part) => typeof part === "string");
  return isSet ? (set as SealedSet) : undefined;
}

/** A fingerprint as the machine has it. */
export function hashOf(digits: string): Hash {
  const half = (at: number) => Number.parseInt(digits.slice(at, at + 8), 16) | 0;
  return { high: half(0), low: half(8) };
}
