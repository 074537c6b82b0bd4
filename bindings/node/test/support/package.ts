import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import { VERSION } from "../../src/library/version.js";

export const run = promisify(execFile);

/** The package's directory in the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package as built, for programs that import it. */
export const built = new URL("../../dist/index.mjs", import.meta.url).href;

/** An empty directory, for one file of tests, into which the package is put as packed. */
export class Home {
  readonly path: string;
  readonly tarball: string;

  private constructor(home: string) {
    this.path = home;
    this.tarball = path.join(home, `evercreds-${VERSION}.tgz`);
  }

  /** Makes the directory, whose name has a blank in it, with what npm would publish. */
  static async make(): Promise<Home> {
    if (!existsSync(path.join(root, "dist/index.mjs"))) {
      throw new Error("there is no dist/: run `npm run build` first");
    }
    const home = new Home(mkdtempSync(path.join(tmpdir(), "evercreds package-")));
    await run("npm", ["pack", "--silent", "--pack-destination", home.path], { cwd: root });
    return home;
  }

  /** Unpacks the package where programs find it, without a peer. */
  async unpack(): Promise<this> {
    const target = path.join(this.path, "node_modules/evercreds");
    mkdirSync(target, { recursive: true });
    await run("tar", ["-xzf", this.tarball, "-C", target, "--strip-components=1"]);
    return this;
  }

  /** Links scopes or packages of the project's own node_modules. */
  link(...names: string[]): void {
    for (const name of names) {
      const target = path.join(this.path, "node_modules", name);
      if (existsSync(target)) continue;
      mkdirSync(path.dirname(target), { recursive: true });
      symlinkSync(path.join(root, "node_modules", name), target);
    }
  }

  /** Copies a package of the project's node_modules, with all that it depends on. */
  copyWithDependencies(name: string): void {
    for (const place of closureOf(`node_modules/${name}`)) {
      cpSync(path.join(root, place), path.join(this.path, place), { recursive: true });
    }
  }

  write(name: string, text: string): string {
    const file = path.join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  /** Writes and runs a program, which must print no warning, and gives its output. */
  async program(name: string, text: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const file = this.write(name, text);
    const { stdout, stderr } = await run(process.execPath, [file], {
      cwd: this.path,
      env: { ...process.env, ...env },
    });
    expect(stderr).toBe("");
    return stdout.trim();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

type Lock = Record<string, { dependencies?: Record<string, string> } | undefined>;

/** The places under node_modules that a place needs, itself included. */
function closureOf(place: string): Set<string> {
  const file = readFileSync(path.join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(file) as { packages: Lock };
  const found = new Set([place]);
  for (const at of found) {
    for (const name of Object.keys(packages[at]?.dependencies ?? {})) {
      const nested = `${at}/node_modules/${name}`;
      found.add(packages[nested] === undefined ? `node_modules/${name}` : nested);
    }
  }
  return found;
}
