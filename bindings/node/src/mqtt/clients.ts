import { EvercredsError } from "../errors.js";
import type { MqttClient } from "./client.js";
import { readMqtt } from "./options.js";
import type { Given } from "../common/check.js";
import { requireCrt } from "../sources/pkcs11.js";
import type { MqttSettings, Platform, Signing } from "../platform/types.js";
import type { Rules } from "../library/rules.js";
import type { TlsIdentity } from "../sources/tls-identity.js";

/** What makes an identity of a client's own. */
const OWN = ["certificate", "privateKey", "pkcs11", "ca"];

/** Makes the MQTT clients of one session. */
export class MqttClients {
  readonly #identity: TlsIdentity;
  readonly #platform: Platform;
  readonly #rules: Rules;
  /** Shared where nothing is given, so that contexts are, and a PIN is tried once. */
  readonly #shared = new Map<boolean, TlsIdentity>();

  constructor(identity: TlsIdentity, platform: Platform, rules: Rules) {
    this.#identity = identity;
    this.#platform = platform;
    this.#rules = rules;
  }

  /** Makes a client, which is yet to be started. */
  make(
    given: unknown,
    { warn, ...session }: Omit<Signing, "region"> & Pick<MqttSettings, "warn">,
  ): MqttClient {
    const { options, signFor, ...place } = readMqtt(given, this.#rules);
    requireCrt(this.#platform, "mqtt()");
    // over WebSockets the signature tells who this is
    const identity = this.#identityFor(options, signFor === undefined);
    const made = this.#platform.makeMqttClient({
      ...place,
      material: () => identity.read(),
      warn,
      signing: signFor === undefined ? undefined : { ...session, region: signFor },
    });
    if ("client" in made) return made.client;
    const { problem, parameter, permanent } = made;
    throw new EvercredsError("configuration", problem, {
      class: permanent ? "permanent" : "recoverable",
      ...(parameter !== undefined && { parameter }),
    });
  }

  #identityFor(options: Given, shown: boolean): TlsIdentity {
    if (OWN.some((name) => options[name] !== undefined)) return this.#identity.with(options, shown);
    const identity = this.#shared.get(shown) ?? this.#identity.with({}, shown);
    this.#shared.set(shown, identity);
    return identity;
  }
}
