/**
 * Gives a class of errors its name, also where a bundler has renamed the class: Node heads an
 * uncaught error by it. A stack begins with the name that the prototype has.
 */
export function named(Class: { readonly prototype: object }, name: string): void {
  Object.defineProperty(Class, "name", { value: name, configurable: true });
  const value = { value: name, configurable: true, writable: true };
  Object.defineProperty(Class.prototype, "name", value);
}
