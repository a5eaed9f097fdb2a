/** What may stand behind `npm run bench --`. */

import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Figures as one JSON object on standard output, and nothing else there. */
  readonly isJson: boolean;
  /** Fewer rounds and requests: to see whether it works, not what it says. */
  readonly isQuick: boolean;
  /** Names of parts, or their beginnings; empty means all. */
  readonly only: readonly string[];
}

export const usage = `npm run bench                          measures everything and writes docs/performance.md
npm run --silent bench -- --json       the same; standard output is one flat JSON object of figures
npm run bench -- --only relay.cpu,audit   a part of it; docs/performance.md stays as it is
npm run bench -- --quick               fewer rounds; docs/performance.md stays as it is`;

/** Throws Error for what it does not know. */
export function readOptions(words: readonly string[], partNames: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  });
  const only = values.only.split(',').filter((name) => name !== '');
  for (const wanted of only)
    if (!partNames.some((name) => isPartOf(name, wanted)))
      throw new Error(`There is no part "${wanted}". The parts are: ${partNames.join(', ')}.`);
  return { isJson: values.json, isQuick: values.quick, only };
}

/** `relay.cpu` is part of `relay`. */
export function isPartOf(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}.`);
}
