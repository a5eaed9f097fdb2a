import { expect, it } from 'vitest';
import { runSequence } from '../../model/grant-model.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';

/** Thousands of them run in `npm run test:model`. */
const sequences = Number(process.env['SEQUENCES'] ?? 14);

it(`keeps every promise through ${sequences} random lives`, { timeout: 300_000 }, async () => {
  const seed = seedFromEnvironment();
  process.stdout.write(`model: SEED=${seed}\n`);
  let steps = 0;
  for (let index = 0; index < sequences; index++) steps += (await runSequence(seed + index)).steps.length;
  expect(steps).toBeGreaterThan(sequences * 5);
});
