// The examples of docs/guides/testing.md, as they stand there: vitest and Jest.
// title: vitest and Jest, the examples of the page
// framework: vitest
// files: docs/snippets/node
// time: 300s
// short: yes
import { execFileSync } from "node:child_process";

const stdio = "inherit";
execFileSync("vitest", ["run", "--root", ".", "--exclude", "**/*.cjs", "--testTimeout", "60000"], {
  stdio,
});
execFileSync("jest", ["--rootDir", ".", "--testMatch", "**/*.test.cjs", "--testTimeout", "60000"], {
  stdio,
});
