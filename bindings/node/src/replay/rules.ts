import * as abi from "../abi_generated.js";
import type { Exports, Runtime } from "../runtime.js";
import { BadLine, optionValue, parseNumber } from "./args.js";
import { accepted, BASE_MS, names } from "./words.js";

/** One event of the shared rules; TEXT is the rest of the line. */
export function rule(runtime: Runtime, rest: string): string {
  const [which = ""] = rest.split(" ", 1);
  const text = rest.slice(which.length + 1);
  const ask = (given: string, call: (exports: Exports, length: number) => number) =>
    runtime.run(undefined, (x) => call(x, runtime.write(new TextEncoder().encode(given))));
  switch (which) {
    case "expiry":
      return `rule ${accepted(ask(text, (x, length) => x.evercreds_rule_expiry(length)))}`;
    case "mfa":
      return `rule ${accepted(ask(text, (x, length) => x.evercreds_rule_mfa_code(length)))}`;
    case "iot": {
      const length = accepted(ask(text, (x, n) => x.evercreds_rule_iot_endpoint(n)));
      return `rule ${new TextDecoder().decode(runtime.read(length))}`;
    }
    case "class": {
      const [methodName = "", statusText = "", code = "", ...more] = words(text);
      const method = optionValue(abi.Option.METHOD, methodName);
      const status = parseNumber(statusText);
      if (method === undefined || status === undefined || more.length > 0) {
        throw new BadLine("rule class needs METHOD STATUS [CODE]");
      }
      const result = ask(code, (x, n) => x.evercreds_rule_error_class(method, status, n));
      return `rule ${names(abi.ErrorClass).get(accepted(result)) ?? result}`;
    }
    case "duration": {
      const [secondsText = "", chained, ...more] = words(text);
      const seconds = parseNumber(secondsText);
      if (seconds === undefined || more.length > 0 || (chained ?? "chained") !== "chained") {
        throw new BadLine("rule duration needs SECONDS [chained]");
      }
      const role = chained === undefined ? 0 : 1;
      return `rule ${accepted(ask("", (x) => x.evercreds_rule_duration(seconds, role)))}`;
    }
    case "retry_after": {
      const [unit = ""] = text.split(" ", 1);
      if (!["ms", "s"].includes(unit)) throw new BadLine("rule retry_after needs ms|s [TEXT]");
      const inMs = unit === "ms" ? 1 : 0;
      const given = text.slice(unit.length + 1);
      const result = ask(given, (x, n) => x.evercreds_rule_retry_after(BASE_MS, inMs, n));
      return `rule ${accepted(result)}`;
    }
    case "evidence": {
      const [methodName = "", statusText = "", code = "", ...more] = words(text);
      const status = parseNumber(statusText);
      if (!["head", "get"].includes(methodName) || status === undefined || more.length > 0) {
        throw new BadLine("rule evidence needs head|get STATUS [CODE]");
      }
      const isHead = methodName === "head" ? 1 : 0;
      const result = ask(code, (x, n) => x.evercreds_rule_evidence(isHead, status, n));
      return `rule ${names(abi.Evidence).get(accepted(result)) ?? result}`;
    }
  }
  throw new BadLine(`"${which}" is no rule`);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
