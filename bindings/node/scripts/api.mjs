// The public types, by API Extractor. `rollUp` writes all declarations of the
// package into one file, without what is internal; run as a program, this
// compares the report of them (etc/evercreds.api.md) with what the sources say,
// and with --write brings it up to date.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What users import: its declarations, its report, and the optional peers in its types. */
export const ENTRIES = {
  index: { entry: "index.d.ts", report: "evercreds.api.md", peers: ["aws-iot-device-sdk-v2"] },
  share: {
    entry: "share/index.d.ts",
    report: "evercreds-share.api.md",
    peers: ["@aws-sdk/client-dynamodb", "@aws-sdk/client-s3"],
  },
  "share-testing": {
    entry: "share/testing/index.d.ts",
    report: "evercreds-share-testing.api.md",
    peers: [],
  },
};

/** Writes the declarations that begin with `entry`, by modules, into one file. */
export function rollUp(entry, file, name) {
  const dtsRollup = { enabled: true, untrimmedFilePath: "", publicTrimmedFilePath: file };
  const { succeeded } = invoke(entry, { dtsRollup, apiReport: { enabled: false } }, true);
  if (!succeeded) throw new Error("API Extractor refused the types: see above");
  forgiveOptionalPeers(file, ENTRIES[name].peers);
}

/**
 * An optional peer's types are `any` where it is not installed. That is said by a
 * comment, which API Extractor leaves out.
 */
function forgiveOptionalPeers(file, peers) {
  let text = readFileSync(file, "utf8");
  for (const peer of peers) {
    const wanted = new RegExp(`^import type .* from '${peer}';$`, "gm");
    if (text.match(wanted)?.length !== 1)
      throw new Error(`${file}: one import of the optional peer ${peer} is expected`);
    text = text.replace(wanted, "// @ts-ignore: an optional peer\n$&");
  }
  writeFileSync(file, text);
}

function invoke(entry, parts, write) {
  const configObject = {
    projectFolder: root,
    mainEntryPointFilePath: entry,
    compiler: { tsconfigFilePath: path.join(root, "tsconfig.json"), skipLibCheck: true },
    docModel: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: "lf",
    messages: {
      compilerMessageReporting: { default: { logLevel: "warning" } },
      // comments here are TypeScript's JSDoc, which is less strict than TSDoc
      tsdocMessageReporting: { default: { logLevel: "none" } },
      extractorMessageReporting: {
        default: { logLevel: "error" },
        // everything that is exported is public: a tag on each would say nothing
        "ae-missing-release-tag": { logLevel: "none" },
        "ae-undocumented": { logLevel: parts.apiReport.enabled ? "error" : "none" },
      },
    },
    ...parts,
  };
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(root, "package.json"),
  });
  return Extractor.invoke(config, {
    localBuild: write,
    messageCallback: (message) => {
      // that it brings an older compiler than ours, and where it writes
      if (message.messageId.startsWith("console-")) message.handled = true;
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes("--write");
  for (const { entry, report } of Object.values(ENTRIES)) {
    const apiReport = {
      enabled: true,
      reportFileName: report,
      reportFolder: path.join(root, "etc"),
      reportTempFolder: path.join(root, "dist/.api"),
    };
    const file = path.join(root, "dist/.types", entry);
    const { succeeded, apiReportChanged } = invoke(file, { apiReport }, write);
    if (apiReportChanged && !write) {
      console.error(
        `etc/${report} is not what the sources say: run \`npm run api\`, and look at the difference`,
      );
    }
    if (!succeeded) process.exitCode = 1;
  }
}
