import { expect, it } from 'vitest';
import { printTogether } from '../../../lib/relay/surroundings.ts';

it('writes the lines of one turn at once, in order, and settles when they have left', async () => {
  const written: string[] = [];
  const print = printTogether((lines) => written.push(lines));
  const leaving = ['one', 'two', 'three'].map(print);
  expect(written).toEqual([]);
  await leaving[0];
  expect(written).toEqual(['one\ntwo\nthree\n']);
  await Promise.all(leaving);

  await print('four');
  expect(written).toEqual(['one\ntwo\nthree\n', 'four\n']);
});

it('keeps a line that comes while others are leaving for the next write', async () => {
  const written: string[] = [];
  let late: unknown;
  const print = printTogether((lines) => {
    written.push(lines);
    if (late === undefined) late = print('late');
  });
  await print('first');
  await late;
  expect(written).toEqual(['first\n', 'late\n']);
});
