import { type Given, isRecord, wrong } from "./common/check.js";
import { EvercredsValidationError } from "./errors.js";
import * as abi from "./library/abi-generated.js";
import type { CommonOptions, Method } from "./options.js";

/** How one option reaches the machine, and what it must be. */
interface MachineOption {
  name: keyof CommonOptions;
  option: number;
  kind: "seconds" | "boolean" | Readonly<Record<string, number>>;
}

const MACHINE_OPTIONS: readonly MachineOption[] = [
  { name: "policy", option: abi.Option.POLICY, kind: abi.POLICIES },
  { name: "advisoryTimeout", option: abi.Option.ADVISORY_TIMEOUT, kind: "seconds" },
  { name: "mandatoryTimeout", option: abi.Option.MANDATORY_TIMEOUT, kind: "seconds" },
  { name: "stability", option: abi.Option.STABILITY, kind: abi.STABILITIES },
  { name: "advisoryRefresh", option: abi.Option.ADVISORY_REFRESH, kind: abi.ADVISORY_REFRESHES },
  { name: "refreshTimeout", option: abi.Option.REFRESH_TIMEOUT, kind: "seconds" },
  { name: "jitter", option: abi.Option.JITTER, kind: "boolean" },
  { name: "maxStale", option: abi.Option.MAX_STALE, kind: "seconds" },
  { name: "maxWait", option: abi.Option.MAX_WAIT, kind: "seconds" },
  { name: "deferRefresh", option: abi.Option.DEFER_REFRESH, kind: "boolean" },
  { name: "attended", option: abi.Option.ATTENDED, kind: "boolean" },
  { name: "shareTurn", option: abi.Option.SHARE_TURN, kind: "seconds" },
  { name: "shareWait", option: abi.Option.SHARE_WAIT, kind: "seconds" },
];

const METHODS: Readonly<Record<Method, number>> = {
  sts: abi.Method.STS,
  custom: abi.Method.CUSTOM,
  iot: abi.Method.IOT,
};

const COMMON_NAMES = [
  ...["method", "stsClient", "logger", "share", "shareKey", "shareNameKey"],
  ...MACHINE_OPTIONS.map(({ name }) => name),
];

/** The options of each method alone. */
const OWN_NAMES: Readonly<Record<Method, readonly string[]>> = {
  sts: ["assumeRole", "mfaTokenProvider", "mfaCommandOptions", "sharePrincipal"],
  custom: ["customCredentialsMethod", "shareId"],
  iot: [
    ...["endpoint", "roleAlias", "certificate", "privateKey", "pkcs11", "ca", "verifyPeer"],
    ...["thingName", "timeout", "durationSeconds", "connectTo"],
  ],
};

/** Checks the method and that every name is known. */
export function readMethod(given: unknown): { method: Method; options: Given } {
  if (!isRecord(given)) {
    throw new EvercredsValidationError("options", "options must be an object", given);
  }
  const { method = "sts" } = given;
  if (!isMethod(method)) throw wrong("method", 'must be "sts", "custom" or "iot"', method);
  const names = [...COMMON_NAMES, ...OWN_NAMES[method]];
  for (const [name, value] of Object.entries(given)) {
    if (names.includes(name)) continue;
    const other = Object.keys(METHODS).find((m) => OWN_NAMES[m as Method].includes(name));
    if (other !== undefined) throw wrong(name, `is an option of method "${other}" only`, value);
    throw wrong(name, `is not an option; expected one of ${names.join(", ")}`, value);
  }
  return { method, options: given };
}

function isMethod(value: unknown): value is Method {
  return typeof value === "string" && Object.hasOwn(METHODS, value);
}

/** The numbers that the machine is opened with: only what was given. */
export function machineOptions(method: Method, options: Given): [number, number][] {
  const list: [number, number][] = [[abi.Option.METHOD, METHODS[method]]];
  for (const { name, option, kind } of MACHINE_OPTIONS) {
    const value = options[name];
    if (value === undefined) continue;
    if (name === "advisoryTimeout" && value === "auto") list.push([abi.Option.ADVISORY_AUTO, 1]);
    else list.push([option, numberFor(option, kind, value)]);
  }
  if (options["advisoryRefresh"] === undefined && onLambda()) {
    list.push([abi.Option.ADVISORY_REFRESH, abi.AdvisoryRefresh.INLINE]);
    // an error at once says more there than the end of a function that waited too long
    if (options["maxWait"] === undefined) list.push([abi.Option.MAX_WAIT, 0]);
  }
  return list;
}

function numberFor(option: number, kind: MachineOption["kind"], value: unknown): number {
  if (kind === "seconds" && typeof value === "number") return value;
  if (kind === "boolean" && typeof value === "boolean") return Number(value);
  if (typeof kind === "object" && typeof value === "string" && Object.hasOwn(kind, value)) {
    return kind[value] ?? 0; // the table has it
  }
  throw optionError(option, value);
}

/** The table's words about an option. */
export function optionError(option: number, value: unknown): EvercredsValidationError {
  const known = MACHINE_OPTIONS.find((o) => o.option === option);
  const rule = abi.OPTION_RULES[option] ?? `option ${option} is refused`;
  const name = known?.name ?? "advisoryTimeout"; // OPT_ADVISORY_AUTO has no name of its own
  return new EvercredsValidationError(name, rule, value);
}

/** The value that the user gave for an option of the machine. */
export function givenFor(option: number, options: Given): unknown {
  const known = MACHINE_OPTIONS.find((o) => o.option === option);
  return options[known?.name ?? "advisoryTimeout"];
}

function onLambda(): boolean {
  const env = (globalThis as { process?: { env?: Record<string, unknown> } }).process?.env;
  return Boolean(env?.["AWS_LAMBDA_FUNCTION_NAME"]);
}
