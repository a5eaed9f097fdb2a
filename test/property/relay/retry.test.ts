/** How long the relay pauses before it sends again: long enough to help, short enough to bear, and not all at once. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../lib/relay/retry.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';

const seed = seedFromEnvironment();
const anyAttempt = fc.integer({ min: 1, max: 1_000 });
/** What Math.random() answers: at least 0, below 1. */
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const boundMs = (attempt: number) => Math.min(2_000, 100 * 2 ** (attempt - 1));

it(`pauses whole milliseconds, none at the least and a doubling bound at the most, seed ${seed}`, () => {
  fc.assert(
    fc.property(anyAttempt, anyChance, (attempt, chance) => {
      const pauseMs = backoffMs(attempt, () => chance);
      expect(Number.isInteger(pauseMs)).toBe(true);
      expect(pauseMs).toBeGreaterThanOrEqual(0);
      expect(pauseMs).toBeLessThanOrEqual(boundMs(attempt));
    }),
    { seed },
  );
});

it(`leaves the whole pause to chance, which is asked once, seed ${seed}`, () => {
  fc.assert(
    fc.property(anyAttempt, anyChance, (attempt, chance) => {
      let asked = 0;
      const pauseMs = backoffMs(attempt, () => {
        asked += 1;
        return chance;
      });
      expect(asked).toBe(1);
      expect(Math.abs(pauseMs - chance * boundMs(attempt))).toBeLessThanOrEqual(1);
    }),
    { seed },
  );
});

it('has bounds of 100, 200, 400, 800 and 1600 ms, and then of 2 s', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoffMs(attempt, () => 1));
  expect(longest).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
});
