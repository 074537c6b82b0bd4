/**
 * What a session uses of its platform, beyond what every JavaScript engine has.
 * `#platform` in package.json chooses the file: `node.ts` where there is Node,
 * `none.ts` elsewhere. Neither is bundled into the package's main file, so that
 * a bundle for a browser never meets the name of a module of Node's.
 */
export interface Platform {
  /** The file's bytes. */
  readFile(url: URL): Uint8Array<ArrayBuffer>;
  /** A place for values that go along with chains of asynchronous calls. */
  newScope(): Scope;
}

/** See {@link Platform.newScope}. */
export interface Scope {
  /** Runs `body`, and all that it starts, with this value. */
  run<R>(value: object, body: () => R): R;
  /** The value of whoever runs now. */
  current(): object | undefined;
}
