/** The words behind an event: NAME=NUMBER. */
export class Words {
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(words: readonly string[]) {
    const pairs = words.map((word) => word.split("=") as [string, string]);
    this.#numbers = new Map(pairs.map(([name, value]) => [name, Number(value)]));
  }

  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  entries(): Iterable<[string, number]> {
    return this.#numbers;
  }
}

/** As scenarios write a name of this language. */
export function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll("-", "_");
}

/** As this language writes a name of scenarios. */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
