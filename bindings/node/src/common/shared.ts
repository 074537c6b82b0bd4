/**
 * A thing of which the process has one, also where it has this package twice: as ESM
 * and as CommonJS, or in two versions. So the name says which form the thing has, and
 * another form takes another name.
 *
 * @param make called by whoever comes first
 */
export function shared<T extends object>(name: string, make: () => T): T {
  const place = globalThis as Record<symbol, unknown>;
  const key = Symbol.for(`evercreds ${name}`);
  const known = place[key];
  if (known !== undefined) return known as T;
  const made = make();
  Object.defineProperty(place, key, { value: made });
  return made;
}
