/** What canonical JSON can hold. Numbers are whole. */
export type Json = string | number | readonly Json[] | { readonly [name: string]: Json };

/**
 * JSON that all languages write alike: names sorted by code points, no blanks, and no
 * escapes but those that must be.
 */
export function canonical(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return String(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  const names = Object.keys(value).sort(byCodePoints);
  const members = names.map((name) => `${quoted(name)}:${canonical(value[name] ?? "")}`);
  return `{${members.join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Sorts as UTF-8 does, where JavaScript itself would sort halves of characters. */
export function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** As JSON.stringify writes it, which has these very escapes. */
function quoted(text: string): string {
  const json = JSON.stringify(text);
  // halves of characters, which it writes as escapes that no other language can
  if (/\\ud[89a-f]/.test(json) && /\p{Surrogate}/u.test(text)) {
    throw new Error("a string must be valid Unicode");
  }
  return json;
}
