import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import type { Agents } from "./types.js";

// An agent refs the connections that it hands out again; new ones begin that way.

class QuietHttpAgent extends http.Agent {
  override createConnection(...call: Parameters<http.Agent["createConnection"]>) {
    return unref(super.createConnection(...call));
  }
  override reuseSocket(...call: Parameters<http.Agent["reuseSocket"]>) {
    super.reuseSocket(...call);
    unref(call[0]);
  }
}

class QuietHttpsAgent extends https.Agent {
  override createConnection(...call: Parameters<https.Agent["createConnection"]>) {
    return unref(super.createConnection(...call));
  }
  override reuseSocket(...call: Parameters<https.Agent["reuseSocket"]>) {
    super.reuseSocket(...call);
    unref(call[0]);
  }
}

function unref<T>(connection: T): T {
  (connection as { unref?: Socket["unref"] } | null | undefined)?.unref?.();
  return connection;
}

/** As the SDK makes its own. */
const DEFAULTS = { keepAlive: true, maxSockets: 50 };

/** See {@link Platform.agents}. */
export function agents(quiet: boolean, settings: { http?: object; https?: object }): Agents {
  const Http = quiet ? QuietHttpAgent : http.Agent;
  const Https = quiet ? QuietHttpsAgent : https.Agent;
  return {
    http: settings.http && new Http({ ...DEFAULTS, ...settings.http }),
    https: settings.https && new Https({ ...DEFAULTS, ...settings.https }),
  };
}
