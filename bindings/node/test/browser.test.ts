import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle, withoutDom } from "./support/bundle.js";
import { StandIn } from "./support/stand-in.js";
import { site, WebServer, withCors } from "./support/web.js";

const candidates = [
  process.env["CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
];
const executablePath = candidates.find((file) => file !== "" && existsSync(file));
const missing = "there is no Chromium: ./task services installs it, or set CHROMIUM to it";

if (executablePath === undefined) {
  // where CI says that all is there, it must be
  test.skipIf(process.env["CI"] === undefined)(`in a browser (${missing})`, () => {
    throw new Error(missing);
  });
}

declare global {
  /** What the page's program leaves for the test to call. */
  function inPage(given: object): Promise<unknown>;
  function inWorker(given: object): Promise<unknown>;
}

describe.skipIf(executablePath === undefined)("a page in Chromium", () => {
  let standIn: StandIn;
  let pages: WebServer;
  let aws: WebServer;
  let browser: Browser | undefined;
  let page: Page;
  let role: string;
  let files: Map<string, Uint8Array | string>;
  const errors: string[] = [];

  beforeAll(async () => {
    standIn = await StandIn.start("--lifetime", "8s");
    role = standIn.role("page");
    files = new Map<string, Uint8Array | string>([
      ...(await bundle(["page"])),
      ...(await bundle(["page-worker"], { alias: withoutDom })),
      ["/page.html", '<!doctype html><script type="module" src="/page.js"></script>'],
    ]);
    pages = await WebServer.start(site(files, standIn, role));
    aws = await WebServer.start(withCors(standIn.s3.endpoint));
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ["--no-sandbox"], // CI runs as root, and pages here are ours
    });
    page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`${pages.origin}/page.html`, { waitUntil: "load" });
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([pages.stop(), aws.stop(), standIn.stop()]);
  });

  test("its bundle has nothing of Node's, and the module as a file", () => {
    expect([...files.keys()].filter((name) => name.endsWith(".wasm"))).toHaveLength(1);
    const text = new TextDecoder().decode(files.get("/page.js") as Uint8Array);
    expect(text).not.toMatch(/["']node:/);
  });

  test.each(["inPage", "inWorker"] as const)(
    "%s: signed calls to another origin over refreshes and a rejection",
    async (where) => {
      const { successes } = await standIn.asked(role);
      const given = { backend: pages.origin, s3: { ...standIn.s3, endpoint: aws.origin } };
      const result = await page.evaluate(([name, settings]) => globalThis[name](settings), [
        where,
        given,
      ] as const);
      expect(result).toMatchObject({ failures: 0, rejections: 1, process: "undefined" });
      const { sent, installs } = result as { sent: number; installs: number };
      expect(sent).toBeGreaterThan(2);
      // three sets, and one in the place of the rejected
      expect(installs).toBeGreaterThanOrEqual(4);
      expect((await standIn.asked(role)).successes - successes).toBe(installs);
      expect(errors).toEqual([]);
    },
  );
});
