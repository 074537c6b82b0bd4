import type { CustomCredentials, CustomCredentialsMethod } from "../../src/index.js";
import type { VirtualClock } from "../support/clock.js";

/** The set that a source gives for the n-th time; tokens have the size of real ones. */
function set(clock: VirtualClock, n: number, lifetimeSeconds: number): CustomCredentials {
  return {
    accessKey: `ASIA${n}`,
    secretKey: `${n}`.padEnd(40, "s"),
    token: `${n}`.padEnd(1000, "t"),
    expiryTime: new Date(clock.wall() + lifetimeSeconds * 1000),
  };
}

const never = new Error("a source that was told to end");

/** A source of all that a source can do, well and badly; mostly it is well. */
export function moodySource(clock: VirtualClock, next: () => number): CustomCredentialsMethod {
  let calls = 0;
  let last: CustomCredentials | undefined;
  const lifetimes = [900, 1800, 3600, 3600, 14_400, 43_200];
  const good = () => {
    const lifetime = lifetimes[Math.floor(next() * lifetimes.length)] ?? 3600;
    return (last = set(clock, calls, lifetime));
  };
  return async ({ signal, prompted }) => {
    calls++;
    await clock.sleep(Math.floor(next() * 2000));
    const mood = next();
    if (mood < 0.7) return good();
    if (mood < 0.74) throw new Error(`down for the ${calls}th time`);
    if (mood < 0.78) throw serviceError();
    if (mood < 0.8) return new Promise(() => undefined); // hangs for ever, deaf to its signal
    if (mood < 0.84) {
      await clock.sleep(60_000); // past its time-out
      return good();
    }
    if (mood < 0.88) {
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(never);
        });
      });
    }
    if (mood < 0.9) return set(clock, calls, -1);
    if (mood < 0.92) return { ...good(), expiryTime: "soon" };
    if (mood < 0.95) return last ?? good();
    prompted(); // a person was asked
    await clock.sleep(20_000 + Math.floor(next() * 20_000));
    return good();
  };
}

/** An error with all that the SDK hangs on to one of its own. */
function serviceError(): Error {
  const response = { headers: { "retry-after": "7" }, body: new Uint8Array(10_000) };
  const error = Object.assign(new Error("busy"), { name: "ThrottlingException" });
  return Object.assign(error, { $metadata: { httpStatusCode: 400 }, $response: response });
}
