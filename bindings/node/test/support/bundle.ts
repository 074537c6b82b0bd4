import { build as esbuild, type BuildOptions } from "esbuild";
import { fileURLToPath } from "node:url";

/**
 * Bundles programs of test/programs as one would for the web: what they import of
 * this package is what its `exports` say. Gives the files by their names.
 */
export async function bundle(
  programs: readonly string[],
  options: BuildOptions = {},
): Promise<Map<string, Uint8Array>> {
  const { outputFiles = [] } = await esbuild({
    absWorkingDir: fileURLToPath(new URL("../programs", import.meta.url)),
    entryPoints: programs.map((program) => `${program}.mjs`),
    bundle: true,
    format: "esm",
    platform: "browser",
    loader: { ".wasm": "file" },
    outdir: "/",
    write: false,
    logLevel: "error",
    tsconfigRaw: "{}", // the project's own leads past the package to its sources
    ...options,
  });
  return new Map(outputFiles.map((file) => [file.path, file.contents]));
}

/**
 * For workers and edge runtimes, which have no DOMParser: the SDK's own reader of XML
 * without it, which its `browser` field hides.
 */
export const withoutDom = { "@aws-sdk/xml-builder": "@aws-sdk/xml-builder/dist-cjs/index.js" };
