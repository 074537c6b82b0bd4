// The public types, by API Extractor. `rollUp` writes all declarations of the
// package into one file, without what is internal; run as a program, this
// compares the report of them (etc/evercreds.api.md) with what the sources say,
// and with --write brings it up to date.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const REPORT = "evercreds.api.md";

/** Writes the declarations that `folder` holds, by modules, into one file. */
export function rollUp(folder, file) {
  const dtsRollup = { enabled: true, untrimmedFilePath: "", publicTrimmedFilePath: file };
  const { succeeded } = invoke(folder, { dtsRollup, apiReport: { enabled: false } }, true);
  if (!succeeded) throw new Error("API Extractor refused the types: see above");
  forgiveOptionalPeer(file);
}

/**
 * The optional peer's types are `any` where it is not installed. That is said by a
 * comment, which API Extractor leaves out.
 */
function forgiveOptionalPeer(file) {
  const text = readFileSync(file, "utf8");
  const wanted = /^import type .* from 'aws-iot-device-sdk-v2';$/gm;
  if (text.match(wanted)?.length !== 1)
    throw new Error(`${file}: one import of the optional peer is expected`);
  writeFileSync(file, text.replace(wanted, "// @ts-ignore: an optional peer\n$&"));
}

function invoke(folder, parts, write) {
  const configObject = {
    projectFolder: root,
    mainEntryPointFilePath: path.join(folder, "index.d.ts"),
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
  const apiReport = {
    enabled: true,
    reportFileName: REPORT,
    reportFolder: path.join(root, "etc"),
    reportTempFolder: path.join(root, "dist/.api"),
  };
  const { succeeded, apiReportChanged } = invoke(
    path.join(root, "dist/.types"),
    { apiReport },
    write,
  );
  if (apiReportChanged && !write) {
    console.error(
      `etc/${REPORT} is not what the sources say: run \`npm run api\`, and look at the difference`,
    );
  }
  process.exitCode = succeeded ? 0 : 1;
}
