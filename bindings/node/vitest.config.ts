import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "evercreds:store-cases": fileURLToPath(
        new URL("../../share/sharetest/cases.json", import.meta.url),
      ),
      // the tests give the module to initialize
      "#module": fileURLToPath(new URL("src/module/none.ts", import.meta.url)),
      "#platform": fileURLToPath(new URL("src/platform/node.ts", import.meta.url)),
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    // they end what hangs, and nothing else: npm and compilers run beside other work
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // two files at once: the machines that run this are small
    maxWorkers: 2,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
