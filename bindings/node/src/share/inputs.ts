import { createHash, X509Certificate } from "node:crypto";
import type { AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import { byCodePoints, type Json } from "./canonical.js";

/** Where and as whom AssumeRole is called. */
export interface StsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly principal: string;
}

const DEFAULT_DURATION_S = 3600;

type Pair = readonly [string, string];

/** What a set of AssumeRole is for: all that is sent but a code. */
export function stsInputs(call: AssumeRoleCommandInput, place: StsPlace): Json {
  const size = (call as { MinimumSessionTokenSize?: number }).MinimumSessionTokenSize;
  return {
    format: 1,
    method: "sts",
    role_arn: call.RoleArn ?? "",
    session_name: call.RoleSessionName ?? "",
    duration_s: call.DurationSeconds ?? DEFAULT_DURATION_S,
    external_id: call.ExternalId ?? "",
    source_identity: call.SourceIdentity ?? "",
    policy: call.Policy ?? "",
    policy_arns: texts(call.PolicyArns?.map(({ arn }) => arn ?? "")),
    tags: pairs(call.Tags?.map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
    transitive_tag_keys: texts(call.TransitiveTagKeys),
    provided_contexts: pairs(
      call.ProvidedContexts?.map(({ ProviderArn, ContextAssertion }) => [
        ProviderArn ?? "",
        ContextAssertion ?? "",
      ]),
    ),
    serial_number: call.SerialNumber ?? "",
    minimum_token_size: size ?? 0,
    endpoint: endpointOf(place.endpoint),
    region: place.region,
    principal: place.principal,
  };
}

/** What a set of AWS IoT is for. The certificate may be renewed while its key stays. */
export function iotInputs(
  endpoint: string,
  roleAlias: string,
  thingName: string | undefined,
  publicKey: Uint8Array,
): Json {
  return {
    format: 1,
    method: "iot",
    endpoint: endpoint.toLowerCase(),
    role_alias: roleAlias,
    thing_name: thingName ?? "",
    certificate: createHash("sha256").update(publicKey).digest("hex"),
  };
}

/** The SubjectPublicKeyInfo of a certificate in PEM. */
export function publicKeyOf(certificate: Uint8Array): Uint8Array {
  return new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
}

function texts(list: readonly string[] = []): readonly string[] {
  return [...list].sort(byCodePoints);
}

function pairs(list: readonly Pair[] = []): readonly Pair[] {
  return [...list].sort((a, b) => byCodePoints(a[0], b[0]) || byCodePoints(a[1], b[1]));
}

/** A URL as all languages write it: host in lower case, no default port, no slash at its end. */
export function endpointOf(given: string): string {
  const url = new URL(given);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new Error("the endpoint must have no user, query or fragment");
  }
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, "");
}

/** Who calls, without the name of the session: the instances of one role meet. */
export function callerPrincipal(arn: string): string {
  const assumed = /^(arn:[^:]*:sts::[^:]*:assumed-role\/[^/]+)\//.exec(arn);
  return `caller:${assumed?.[1] ?? arn}`;
}
