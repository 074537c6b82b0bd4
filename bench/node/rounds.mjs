// How the programs here measure: contenders take turns, so that a machine whose
// speed drifts treats all alike, and each round is told, a JSON object a line,
// which internal/bench reads.
import { readFileSync } from "node:fs";

export const short = Boolean(process.env.EVERCREDS_BENCH_SHORT);

/** Gives a count, or the one of the short form, which only proves that all this runs. */
export const fewer = (count, ifShort) => (short ? ifShort : count);

export function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function tellVersions(names) {
  const read = (name) => JSON.parse(readFileSync(new URL(`../../bindings/node/node_modules/${name}/package.json`, import.meta.url)));
  tell({ versions: Object.fromEntries(names.map((name) => [name, read(name).version])) });
}

/** Has each contender measure itself once a round; every second round goes backwards. */
export async function interleave(group, unit, rounds, contenders) {
  const names = Object.keys(contenders);
  const took = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 ? names.toReversed() : names) took[name].push(await contenders[name]());
  }
  for (const name of names) tell({ group, name, unit, rounds: took[name] });
}
