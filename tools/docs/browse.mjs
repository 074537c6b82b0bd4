// Looks at pages of the built site in Chromium, one of each kind and all that have code in
// several languages (check.py reads all pages): none asks another host for anything, a
// language that was chosen stays chosen on the next page, and the search finds things.
// `--pictures DIR` also takes pictures of six pages, wide and narrow.
import { createReadStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const site = path.join(root, "build/docs/site");
// The one that the tests of the Node package pin.
const { chromium } = createRequire(path.join(root, "bindings/node/package.json"))("playwright-core");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
};
const PICTURED = [
  "index.html",
  "start/python.html",
  "guides/mfa.html",
  "concepts/errors.html",
  "evidence/outages.html",
  "reference/python/index.html",
];

const executablePath = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"]
  .find((file) => file !== "" && existsSync(file));
if (executablePath === undefined) {
  console.log("browser: not looked at: there is no Chromium (./task services installs it)");
  process.exit(process.env.CI === undefined ? 0 : 1);
}

const server = createServer((request, response) => {
  const file = path.join(site, decodeURIComponent(new URL(request.url, "http://site").pathname));
  if (!file.startsWith(site) || !existsSync(file) || path.extname(file) === "") {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "text/plain" });
  createReadStream(file).pipe(response);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${server.address().port}`;

const wrong = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const context = await browser.newContext();
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(origin) || url.startsWith("data:") || url.startsWith("blob:")) {
      return route.continue();
    }
    wrong.push(`a page asks for ${url}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // this may be a busy machine
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error}`));
  page.on("response", (r) => r.status() >= 400 && wrong.push(`${r.url()}: ${r.status()}`));
  const tabbed = await withLanguages();
  const pages = [...new Set([...PICTURED, ...tabbed])];
  for (const name of pages) await page.goto(`${origin}/${name}`, { waitUntil: "load" });
  await languages(page, tabbed);
  await search(page);
  if (process.argv[2] === "--pictures") await pictures(context, process.argv[3]);
  console.log(`browser: ${pages.length} pages, ${tabbed.length} with languages, ${wrong.length} wrong`);
} finally {
  await browser.close();
  server.close();
}
for (const what of new Set(wrong)) console.log(what);
process.exit(wrong.length > 0 ? 1 : 0);

/** The pages that have code in several languages. */
async function withLanguages() {
  const names = (await readdir(site, { recursive: true })).filter((name) => name.endsWith(".html"));
  return names.sort().filter((name) => /<label[^>]*>Go</.test(readFileSync(path.join(site, name), "utf8")));
}

/** A language chosen on one page is chosen on the next. */
async function languages(page, [first, second]) {
  if (second === undefined) {
    wrong.push("no two pages have code in several languages");
    return;
  }
  await page.goto(`${origin}/${first}`, { waitUntil: "load" });
  await page.locator(".tabbed-labels label", { hasText: /^Go$/ }).first().click();
  await page.goto(`${origin}/${second}`, { waitUntil: "load" });
  const chosen = page.locator(".tabbed-set > input:checked");
  const isGo = () => chosen.evaluateAll((inputs) =>
    inputs.some((input) => document.querySelector(`label[for="${input.id}"]`)?.textContent.trim() === "Go"));
  for (let tries = 0; tries < 100 && !(await isGo()); tries++) await page.waitForTimeout(100);
  if (!(await isGo())) wrong.push(`${second}: Go was chosen on ${first}, and is not here`);
}

/** The search answers, without another host. */
async function search(page) {
  await page.goto(`${origin}/evidence/proof.html`, { waitUntil: "load" });
  const found = page.getByText(/^[1-9]\d* results?$/).first();
  // Keys that come before the page's program listens are lost, so they are typed again.
  for (let tries = 0; tries < 30; tries++) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("outages", { delay: 20 });
    const there = await found.waitFor({ state: "visible", timeout: 3000 }).then(() => true, () => false);
    if (there) return;
    await page.reload({ waitUntil: "load" });
    await page.waitForTimeout(100 * tries);
  }
  wrong.push("the search for outages finds nothing");
}

async function pictures(context, directory) {
  mkdirSync(directory, { recursive: true });
  for (const [kind, width] of [["wide", 1280], ["narrow", 390]]) {
    const page = await context.newPage();
    await page.setViewportSize({ width, height: 900 });
    for (const name of PICTURED) {
      await page.goto(`${origin}/${name}`, { waitUntil: "load" });
      const file = `${name.replace(/\.html$/, "").replaceAll("/", "-")}-${kind}.png`;
      await page.screenshot({ path: path.join(directory, file) });
    }
    await page.close();
  }
}
