import type { io } from "aws-iot-device-sdk-v2";
import { errorName, loadCrt, type Sdk } from "./crt.js";
import type { TlsMaterial, TlsProblem, Token } from "./types.js";

type Context = io.ClientTlsContext;

/** A token locks itself after a few wrong PINs, so that one is tried but once. */
const WRONG_PIN = /PIN_(INCORRECT|INVALID|LEN_RANGE|LOCKED|EXPIRED)$/;
const wrongPins = new WeakMap<Token, string>();

/** One for the process, since two would share the library's state. */
const libraries = new Map<string, io.Pkcs11Lib>();

const contexts = new WeakMap<TlsMaterial, Map<string, Context>>();

/** The context of these texts: the same one until one of them changes. */
export function contextFor(material: TlsMaterial, alpn = ""): { context: Context } | TlsProblem {
  const { token } = material;
  const wrongPin = token && wrongPins.get(token);
  if (wrongPin !== undefined) return tokenProblem(wrongPin);
  const made = contexts.get(material) ?? new Map<string, Context>();
  contexts.set(material, made);
  const known = made.get(alpn);
  if (known !== undefined) return { context: known };
  let sdk: Sdk;
  try {
    sdk = loadCrt();
  } catch (error) {
    return loadProblem(errorName(error));
  }
  try {
    const options = optionsFor(sdk, material);
    if (!(options instanceof sdk.io.TlsContextOptions)) return options;
    options.min_tls_version = sdk.io.TlsVersion.TLSv1_2;
    options.verify_peer = material.verifyPeer;
    options.alpn_list = alpn === "" ? [] : [alpn];
    const context = new sdk.io.ClientTlsContext(options);
    made.set(alpn, context);
    return { context };
  } catch (error) {
    return problemWith(material, errorName(error));
  }
}

function loadProblem(name: string): TlsProblem {
  const problem =
    `the package aws-iot-device-sdk-v2 cannot be loaded (${name}): ` +
    "it has native code, which must fit this system";
  return { parameter: undefined, problem, permanent: true };
}

function optionsFor({ io }: Sdk, material: TlsMaterial): io.TlsContextOptions | TlsProblem {
  const { token, privateKey, ca } = material;
  const certificate = certificatesIn(material.certificate);
  let options = new io.TlsContextOptions();
  if (token !== undefined) {
    const library = libraryOf(io, token);
    if ("problem" in library) return library;
    // what is undefined must not be there at all
    options = io.TlsContextOptions.create_client_with_mtls_pkcs11({
      pkcs11_lib: library,
      cert_file_contents: certificate,
      ...(token.userPin !== undefined && { user_pin: token.userPin }),
      ...(token.slotId !== undefined && { slot_id: token.slotId }),
      ...(token.tokenLabel !== undefined && { token_label: token.tokenLabel }),
      ...(token.privateKeyLabel !== undefined && {
        private_key_object_label: token.privateKeyLabel,
      }),
    } as io.TlsContextOptions.Pkcs11Options);
  } else if (privateKey !== undefined) {
    options = io.TlsContextOptions.create_client_with_mtls(certificate, text(privateKey));
  }
  if (ca !== undefined) options.override_default_trust_store(certificatesIn(ca));
  return options;
}

function libraryOf(native: Sdk["io"], { library }: Token): io.Pkcs11Lib | TlsProblem {
  try {
    // Not strict: other code of this process may use the same library.
    const lib = libraries.get(library) ?? new native.Pkcs11Lib(library);
    libraries.set(library, lib);
    return lib;
  } catch (error) {
    const problem = `the library of pkcs11.pkcs11Lib cannot be loaded (${errorName(error)})`;
    return { parameter: "pkcs11.pkcs11Lib", problem, permanent: true };
  }
}

function problemWith({ certificate, token }: TlsMaterial, name: string): TlsProblem {
  if (token !== undefined) {
    if (WRONG_PIN.test(name)) wrongPins.set(token, name);
    return tokenProblem(name);
  }
  // files are replaced one after the other, so that for a moment they do not go together
  const permanent = false;
  if (certificate === undefined) {
    return { parameter: "ca", problem: `ca cannot be used (${name})`, permanent };
  }
  const problem = `certificate, privateKey and ca cannot be used, or do not go together (${name})`;
  return { parameter: "certificate/privateKey", problem, permanent };
}

/** Who takes a token out may put it in again. */
function tokenProblem(name: string): TlsProblem {
  const problem =
    "pkcs11: the token does not let the certificate's key be used: check userPin, slotId, " +
    `tokenLabel and privateKeyLabel (${name})`;
  return { parameter: "pkcs11", problem, permanent: WRONG_PIN.test(name) };
}

/** The certificates alone: the runtime refuses a text that has a key in it too. */
function certificatesIn(pem: Uint8Array | undefined): string {
  const form = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----\s[^]*?-----END \1-----/g;
  return [...text(pem ?? new Uint8Array()).matchAll(form)].map(([block]) => `${block}\n`).join("");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
