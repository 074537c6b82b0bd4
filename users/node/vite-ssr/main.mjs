// A server's bundle by Vite, with all packages in it.
// title: Vite, SSR
// framework: vite
// environment: bundlers
import { build } from "vite";
import { alone } from "./alone.mjs";

await build({
  logLevel: "warn",
  ssr: { noExternal: true },
  build: {
    ssr: "app.mjs",
    outDir: "out",
    rollupOptions: { output: { entryFileNames: "index.mjs" } },
  },
});
alone("out", "index.mjs");
