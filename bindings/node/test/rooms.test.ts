import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const TABLE = "abi-generated.ts";
const root = fileURLToPath(new URL("../src", import.meta.url));

/** What each file imports of the others, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const found = [
    ...text.matchAll(/\bfrom "(\.[^"]+)\.js"/g),
    ...text.matchAll(/\bimport "(\.[^"]+)\.js"/g),
  ];
  const relative = found.map(([, target = ""]) => path.join(path.dirname(file), `${target}.ts`));
  return text.includes('"#platform"') ? [...relative, path.join("platform", "node.ts")] : relative;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((f) =>
  f.endsWith(".ts"),
);
const graph = new Map(files.map((file) => [file, importsOf(file)]));

/** The first circle on a way that begins so; undefined: there is none. */
function circle(way: string[], done: Set<string>): string[] | undefined {
  const last = way.at(-1) ?? "";
  if (done.has(last)) return undefined;
  for (const next of graph.get(last) ?? []) {
    if (way.includes(next)) return [...way.slice(way.indexOf(next)), next];
    const found = circle([...way, next], done);
    if (found !== undefined) return found;
  }
  done.add(last);
  return undefined;
}

test("every file that is imported is there", () => {
  expect(files.length).toBeGreaterThan(50);
  for (const imported of graph.values()) for (const file of imported) expect(files).toContain(file);
});

test("no file imports itself through others", () => {
  const done = new Set<string>();
  for (const file of files) expect(circle([file], done)).toBeUndefined();
});

test("the rooms below know nothing of those above", () => {
  const below = {
    common: ["library", "sources", "host", "client", "mqtt", "platform"],
    library: ["host", "client", "mqtt"],
    host: ["client", "mqtt"],
  };
  for (const [room, above] of Object.entries(below)) {
    const inside = files.filter((file) => file.startsWith(`${room}${path.sep}`));
    expect(inside).not.toEqual([]);
    for (const file of inside) {
      // the generated table imports nothing: it lies below all rooms
      const others = (graph.get(file) ?? []).filter((target) => path.basename(target) !== TABLE);
      const rooms = others.map((target) => target.split(path.sep)[0] ?? "");
      expect(rooms.filter((found) => above.includes(found))).toEqual([]);
    }
  }
});
