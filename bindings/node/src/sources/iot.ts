import { systemClock } from "../common/clock.js";
import * as abi from "../library/abi-generated.js";
import { EvercredsValidationError } from "../errors.js";
import { header, serverTime } from "../common/http.js";
import type { IotSettings } from "./iot-options.js";
import { isRecord } from "../common/check.js";
import type { MutualTlsReply, TlsMaterial } from "../platform/types.js";
import type { Rules } from "../library/rules.js";
import type { Attempt, Names, Reply, Source } from "./source.js";
import { malformed, requireKey, SourceFailure } from "./source.js";

/** What is told of a message of the provider's. */
const MESSAGE_LENGTH = 200;

const DURATION_HEADER = "x-amzn-iot-credential-duration-seconds";

/** The AWS IoT credentials provider, which knows a client by its certificate. */
export class IotSource implements Source {
  readonly #settings: IotSettings;
  readonly #rules: Rules;

  constructor(settings: IotSettings, rules: Rules) {
    this.#settings = settings;
    this.#rules = rules;
  }

  get names(): Names {
    const { thingName, roleAlias } = this.#settings;
    return { method: abi.Method.IOT, sessionName: thingName, role: roleAlias };
  }

  async fetch({ signal }: Attempt): Promise<Reply> {
    const { platform, roleAlias, thingName, durationSeconds, ...where } = this.#settings;
    const request = {
      ...where,
      material: await this.#material(signal),
      path: `/role-aliases/${encodeURIComponent(roleAlias)}/credentials`,
      headers: {
        ...(thingName !== undefined && { "x-amzn-iot-thingname": thingName }),
        ...(durationSeconds !== undefined && { [DURATION_HEADER]: String(durationSeconds) }),
      },
    };
    const reply = await platform.getOverMutualTls(request, signal).catch((cause: unknown) => {
      const words = `no reply from the IoT credentials provider${codeOf(cause)}`;
      throw new SourceFailure(words, { class: "recoverable", cause });
    });
    if ("problem" in reply) {
      const { problem, permanent } = reply;
      throw new SourceFailure(problem, { class: permanent ? "permanent" : "recoverable" });
    }
    if (reply.status !== 200) throw this.#refusal(reply);
    return this.#read(reply);
  }

  close(): void {
    // each attempt has a connection of its own, which ends with it
  }

  /** Files that were good at first are most likely being replaced where they are not now. */
  async #material(signal: AbortSignal): Promise<TlsMaterial> {
    try {
      return await this.#settings.identity.settled(signal);
    } catch (error) {
      if (!(error instanceof EvercredsValidationError)) throw error;
      throw new SourceFailure(error.message, { class: "recoverable" });
    }
  }

  #refusal(reply: MutualTlsReply): SourceFailure {
    const code = (header(reply, "x-amzn-errortype") ?? "").split(":", 1)[0] ?? "";
    const message = parse(reply.body)["message"];
    const said = typeof message === "string" ? `: ${message.slice(0, MESSAGE_LENGTH)}` : "";
    const words = `the IoT credentials provider answered ${reply.status}${code && ` ${code}`}${said}`;
    return new SourceFailure(words, {
      status: reply.status,
      code,
      class: this.#rules.classOf(abi.Method.IOT, reply.status, code),
      retryAfterMs: this.#rules.retryAfter((name) => header(reply, name), systemClock.wall()),
    });
  }

  #read(reply: MutualTlsReply): Reply {
    const set = parse(reply.body)["credentials"];
    if (!isRecord(set)) throw malformed('the reply is not JSON with an object "credentials"');
    const { expiration } = set;
    if (typeof expiration !== "string") throw malformed("the reply's expiration is not a string");
    return {
      credentials: {
        accessKeyId: requireKey(set["accessKeyId"], "accessKeyId"),
        secretAccessKey: requireKey(set["secretAccessKey"], "secretAccessKey"),
        sessionToken: requireKey(set["sessionToken"], "sessionToken"),
      },
      expiryMs: this.#rules.expiry(expiration, "expiration"),
      durationMs: (this.#settings.durationSeconds ?? 0) * 1000,
      serverTimeMs: serverTime(header(reply, "date")),
    };
  }
}

/** A JSON object, or an empty one: what cannot be read is not quoted. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function codeOf(error: unknown): string {
  const { code, message, told } = error as Record<"code" | "message" | "told", unknown>;
  if (typeof told === "string") return `: ${told}`;
  if (typeof code === "string") return ` (${code})`;
  return typeof message === "string" ? ` (${message})` : "";
}
