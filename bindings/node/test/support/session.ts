import { expect } from "vitest";
import type { CustomCredentials, CustomCredentialsMethod } from "../../src/sources/custom.js";
import type { CommonOptions } from "../../src/options.js";
import type { Runtime } from "../../src/library/runtime.js";
import { RefreshableSession, withSurroundings } from "../../src/session.js";
import { VirtualClock } from "./clock.js";
import { freshRuntime } from "./wasm.js";

/** A source under a test's control, which counts. */
class FakeSource {
  calls = 0;
  /** How long the sets live, in seconds. */
  lifetime = 3600;
  /** The source's own idea of the time. */
  now = () => this.clock.wall();
  /** Does the answering; replace it for other behaviour. */
  answer: CustomCredentialsMethod = () => this.set();

  constructor(readonly clock: VirtualClock) {}

  readonly method: CustomCredentialsMethod = (context) => {
    this.calls++;
    return this.answer(context);
  };

  /** A good reply, as of now. */
  set(): CustomCredentials {
    return {
      accessKey: `AKIA${this.calls}`,
      secretKey: `secret-of-${this.calls}`,
      token: `token-of-${this.calls}`,
      expiryTime: new Date(this.now() + this.lifetime * 1000),
    };
  }
}

/** A promise that the test ends. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Every failure that callers waited for is told, at once. */
const STRICT: CommonOptions = { stability: "strict", maxWait: 0 };

/**
 * A custom session on virtual time, with a source and an instance of its own. It is
 * strict, unless the options are those of the default or of another policy.
 */
export function virtualSession(given: CommonOptions = {}, runtime: Runtime = freshRuntime()) {
  const options = { ...(given.policy === undefined && STRICT), ...given };
  const clock = new VirtualClock();
  const source = new FakeSource(clock);
  const session = withSurroundings(
    { runtime, clock },
    () =>
      new RefreshableSession({
        ...options,
        method: "custom",
        customCredentialsMethod: source.method,
      }),
  );
  return { session, clock, source, runtime };
}

/** The error of a call that must fail. */
export function failureOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as Error,
  );
}
