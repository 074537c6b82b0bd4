import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

/** The names of Node in the table of docs/reference/names.md. */
function column(): string[] {
  const page = readFileSync(path.join(root, "../../docs/reference/names.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  const cells = rows.map((row) => row.replace(/^\| | \|$/g, "").split(" | ")[3] ?? "");
  return [
    ...new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? ""))),
  ];
}

/** What the compiler has to say of a file that uses these names of the package's types. */
function complaints(names: string[]): string[] {
  const file = path.join(root, "names-of-the-table.ts"); // which exists in memory alone
  const text = names
    .map((name, number) => {
      const [type = "", member] = name.split(".");
      const index = member === undefined ? "" : `["${member}"]`;
      return `export type T${number} = import("./src/index.js").${type}${index};`;
    })
    .join("\n");
  const config = ts.readConfigFile(path.join(root, "tsconfig.json"), (name) =>
    ts.sys.readFile(name),
  );
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (name) => name === file || disk.fileExists(name);
  host.readFile = (name) => (name === file ? text : disk.readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
      : disk.getSourceFile(name, ...rest);
  const program = ts.createProgram([file], { ...options, noEmit: true }, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map((each) => ts.flattenDiagnosticMessageText(each.messageText, " "));
}

test("each name of the table exists", () => {
  const names = column();
  expect(names.length).toBeGreaterThan(40);
  expect(complaints(names)).toEqual([]);
});

test("a name that does not exist is told", () => {
  expect(complaints(["CommonOptions.deferRefreshes", "RefreshableSessions"])).toHaveLength(2);
});
