import { EvercredsError } from "../errors.js";
import { guarded, peek } from "../common/guard.js";

const UPDATE = "update its package (@aws-sdk/client-...) to 3.800.0 or newer";

function refuse(what: string): never {
  throw new EvercredsError("configuration", `${what}: ${UPDATE}`, { class: "permanent" });
}

/**
 * Refuses a client of an SDK that puts its own cache over a provider that has one:
 * it would sign with a set that a service refused until that ends. Newer ones leave a
 * provider alone that says `memoized`.
 */
export function refuseOwnCache(client: unknown, name: string): void {
  const provider = peek(peek(client, "config"), "credentials");
  if (typeof provider === "function" && peek(provider, "memoized") !== true) {
    refuse(`${name} comes from an AWS SDK that keeps a session's credentials itself`);
  }
}

/** Refuses a client whose stack has no middleware of the name under which newer SDKs sign. */
export function refuseOwnSigning(stack: unknown, signing: string): void {
  const names = guarded<unknown>(() => (stack as { identify(): unknown }).identify(), undefined);
  if (Array.isArray(names) && !names.some((each) => String(each).startsWith(signing))) {
    refuse("the client comes from an AWS SDK that signs in another way than this plug-in knows");
  }
}
