// Fake timers of sinon that begin at 0: the session is made, serves and refreshes by the fake
// clock.
// title: sinon (fake timers)
// framework: sinon
// sets: 0
import assert from "node:assert/strict";
import { RefreshableSession } from "evercreds";
import sinon from "sinon";

const clock = sinon.useFakeTimers({ now: 0 });
let fetches = 0;
const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async () => ({
    accessKeyId: `TESTING${++fetches}`,
    secretAccessKey: "testing",
    sessionToken: "testing",
    expiration: new Date(Date.now() + 3600_000),
  }),
});
assert.equal((await session.credentials()).accessKeyId, "TESTING1");
await clock.tickAsync(30 * 60_000);
assert.equal((await session.credentials()).accessKeyId, "TESTING1");
await clock.tickAsync(31 * 60_000);
assert.equal((await session.credentials()).accessKeyId, "TESTING2");
clock.restore();
