/** Which rounds of a measurement count, when the host takes the processors away in the midst of it. */

import { describe, expect, test } from 'vitest';
import { counted, inPeace, interleave } from '../../../bench/rounds.ts';
import { readProcStat, stolenShare } from '../../../bench/stolen.ts';

/** Rounds are named by their number; each wants 100 ticks, of which `stolen` are not given. */
async function measure(rounds: number, stolen: readonly number[]) {
  const time = { used: 0, stolen: 0 };
  return inPeace(
    rounds,
    async (round) => {
      const lost = stolen[round] ?? 0;
      time.used += 100 - lost;
      time.stolen += lost;
      return round;
    },
    () => ({ ...time }),
  );
}

describe('rounds', () => {
  test('are as many as asked for where nobody else takes the processors', async () => {
    const rounds = await measure(3, []);
    expect(rounds.map(({ sample }) => sample)).toEqual([0, 1, 2]);
    expect(counted(rounds)).toEqual([0, 1, 2]);
  });

  test('that lost more than a tenth are measured again and do not count', async () => {
    const rounds = await measure(3, [0, 11, 10, 60, 2]);
    expect(rounds.map(({ stolen }) => stolen)).toEqual([0, 0.11, 0.1, 0.6, 0.02]);
    expect(counted(rounds)).toEqual([0, 2, 4]);
  });

  test('are at most twice as many as asked for; then those count that lost least', async () => {
    const rounds = await measure(3, [50, 20, 40, 12, 30, 11, 0]);
    expect(rounds).toHaveLength(6);
    expect(counted(rounds)).toEqual([1, 3, 5]);
  });

  test('turn the order of their sides, after one that only warms up', async () => {
    const calls: string[] = [];
    const side = (name: string) => async () => calls.push(name);
    const { samples } = await interleave({ a: side('a'), b: side('b') }, 2);
    expect(calls.slice(0, 6).join('')).toBe('ababba');
    expect(samples.a).toHaveLength(2);
  });
});

test('what Linux says of all processors is read, and its absence counts as nothing stolen', () => {
  const before = readProcStat('cpu  100 1 20 500 7 3 4 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n');
  expect(before).toEqual({ used: 128, stolen: 30 });
  expect(stolenShare(before, { used: 188, stolen: 50 })).toBe(0.25);
  expect(stolenShare(before, before)).toBe(0);
  expect(readProcStat('')).toEqual({ used: 0, stolen: 0 });
});
