import { X509Certificate } from "node:crypto";
import type { io } from "aws-iot-device-sdk-v2";
import { errorName, loadCrt, type Sdk } from "./crt.js";
import { TokenLibrary } from "./crt-library.js";
import { isOfToken, refusedBefore, rememberIfRefused, tokenProblem } from "./crt-token.js";
import type { TlsMaterial, TlsProblem, Token } from "./types.js";

type Context = io.ClientTlsContext;

/** What was made of a material, by its ALPN, and of which life of a token's library. */
interface Made {
  readonly generation: number | undefined;
  readonly contexts: Map<string, Context>;
}

const made = new WeakMap<TlsMaterial, Made>();

/** A context, and the library that it signs with. */
export interface Found {
  context: Context;
  library: TokenLibrary | undefined;
}

/** The context of these texts: the same one until one of them changes, or the token does. */
export function contextFor(material: TlsMaterial, alpn = ""): Found | TlsProblem {
  let sdk: Sdk;
  try {
    sdk = loadCrt();
  } catch (error) {
    return loadProblem(errorName(error));
  }
  const { token } = material;
  if (token === undefined) return contextOf(sdk, material, alpn, undefined);
  const refusal = refusedBefore(token);
  if (refusal !== undefined) return tokenProblem(token, refusal);
  const library = TokenLibrary.of(sdk.io, token);
  if ("problem" in library) return library;
  const found = contextOf(sdk, material, alpn, library);
  if (!("lost" in found) || !library.renew(token, found.lost)) return found;
  return contextOf(sdk, material, alpn, library);
}

/**
 * Drops what was made of a material, whose token has failed under a handshake, so that
 * the next context is made by a new login.
 *
 * @param name that of the error
 * @returns whether there is hope in that
 */
export function forgetToken(material: TlsMaterial, library: TokenLibrary, name: string): boolean {
  const { token } = material;
  made.delete(material);
  return token !== undefined && library.renew(token, name);
}

function contextOf(
  sdk: Sdk,
  material: TlsMaterial,
  alpn: string,
  library: TokenLibrary | undefined,
): Found | (TlsProblem & { lost?: string }) {
  const { contexts } = madeOf(material, library?.generation);
  const known = contexts.get(alpn);
  if (known !== undefined) return { context: known, library };
  try {
    const options = optionsFor(sdk, material, library);
    options.min_tls_version = sdk.io.TlsVersion.TLSv1_2;
    options.tls_cipher_preference = cipherPreference(sdk, material);
    options.verify_peer = material.verifyPeer;
    options.alpn_list = alpn === "" ? [] : [alpn];
    const context = new sdk.io.ClientTlsContext(options);
    contexts.set(alpn, context);
    if (material.token !== undefined) library?.used(material.token);
    return { context, library };
  } catch (error) {
    return problemWith(material, errorName(error));
  }
}

function madeOf(material: TlsMaterial, generation: number | undefined): Made {
  const known = made.get(material);
  if (known !== undefined && known.generation === generation) return known;
  const fresh: Made = { generation, contexts: new Map() };
  made.set(material, fresh);
  return fresh;
}

function loadProblem(name: string): TlsProblem {
  const problem =
    `the package aws-iot-device-sdk-v2 cannot be loaded (${name}): ` +
    "it has native code, which must fit this system";
  return { parameter: undefined, problem, permanent: true };
}

function optionsFor(
  { io }: Sdk,
  material: TlsMaterial,
  library: TokenLibrary | undefined,
): io.TlsContextOptions {
  const { token, privateKey, ca } = material;
  const certificate = certificatesIn(material.certificate);
  let options = new io.TlsContextOptions();
  if (token !== undefined && library !== undefined) {
    options = inToken(io, token, library.lib, certificate);
  } else if (privateKey !== undefined) {
    options = io.TlsContextOptions.create_client_with_mtls(certificate, text(privateKey));
  }
  if (ca !== undefined) options.override_default_trust_store(certificatesIn(ca));
  return options;
}

function inToken(
  native: Sdk["io"],
  token: Token,
  pkcs11_lib: io.Pkcs11Lib,
  cert_file_contents: string,
): io.TlsContextOptions {
  // what is undefined must not be there at all, but for the PIN: null sends none
  return native.TlsContextOptions.create_client_with_mtls_pkcs11({
    pkcs11_lib,
    cert_file_contents,
    user_pin: token.userPin ?? null,
    ...(token.slotId !== undefined && { slot_id: token.slotId }),
    ...(token.tokenLabel !== undefined && { token_label: token.tokenLabel }),
    ...(token.privateKeyLabel !== undefined && {
      private_key_object_label: token.privateKeyLabel,
    }),
  });
}

/**
 * TLS 1.2 and 1.3 alone, which the minimum by itself does not see to. The runtime's way to
 * sign in a token with an RSA key fits none of that list; its default takes TLS 1.2 alone
 * then.
 */
function cipherPreference(
  { io }: Sdk,
  { token, certificate }: TlsMaterial,
): io.TlsCipherPreference {
  const { Default, TLSv1_2_2025_07: strict } = io.TlsCipherPreference;
  const isRsa =
    certificate !== undefined &&
    new X509Certificate(certificate).publicKey.asymmetricKeyType !== "ec";
  if (token !== undefined && isRsa) return Default;
  return io.tls_cipher_preference_is_supported(strict) ? strict : Default;
}

function problemWith(
  { certificate, token }: TlsMaterial,
  name: string,
): TlsProblem & { lost?: string } {
  if (token !== undefined) {
    rememberIfRefused(token, name);
    const problem = tokenProblem(token, name);
    return { ...problem, ...(isOfToken(name) && !problem.permanent && { lost: name }) };
  }
  // files are replaced one after the other, so that for a moment they do not go together
  const permanent = false;
  if (certificate === undefined) {
    return { parameter: "ca", problem: `ca cannot be used (${name})`, permanent };
  }
  const problem = `certificate, privateKey and ca cannot be used, or do not match (${name})`;
  return { parameter: "certificate/privateKey", problem, permanent };
}

/** The certificates alone: the runtime refuses a text that has a key in it too. */
function certificatesIn(pem: Uint8Array | undefined): string {
  const form = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----\s[^]*?-----END \1-----/g;
  return [...text(pem ?? new Uint8Array()).matchAll(form)].map(([block]) => `${block}\n`).join("");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
