// Plays histories with memoizeIdentityProvider of the SDK for JavaScript, on a clock
// of its own. The argument is the directory of @smithy/core.
import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";

const require = createRequire(path.resolve(process.argv[2], "package.json"));
const { memoizeIdentityProvider, isIdentityExpired, doesIdentityRequireRefresh } = require("@smithy/core");

async function play(asks) {
  let now = Date.UTC(2026, 0, 1);
  Date.now = () => now;
  let sets = 0;
  let called = false;
  let ask;
  const provide = memoizeIdentityProvider(
    async () => {
      called = true;
      if (ask.fails) throw new Error("the source is down");
      sets++;
      return { accessKeyId: String(sets), expiration: new Date(now + ask.lifetime_ms) };
    },
    isIdentityExpired,
    doesIdentityRequireRefresh,
  );
  const answers = [];
  for (ask of asks) {
    now += ask.after_ms;
    called = false;
    const served = await provide().then((set) => Number(set.accessKeyId), () => 0);
    answers.push({ served, called });
  }
  return answers;
}

const all = [];
for (const history of JSON.parse(await text(process.stdin))) all.push(await play(history));
console.log(JSON.stringify(all));
