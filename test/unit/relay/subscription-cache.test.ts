/** The cache alone: whom it remembers when very many are asked for, and what it says while the table is away. */

import { expect, it } from 'vitest';
import { createSubscriptionCache } from '../../../lib/relay/subscription-cache.ts';
import { aSubscription } from '../../support/relay-lab.ts';

const kept = 200;

function aCache(isThere: (alias: string) => boolean = () => true) {
  const table = { isAway: false, reads: [] as string[], at: Date.UTC(2026, 0) };
  const cache = createSubscriptionCache({
    async read(alias) {
      table.reads.push(alias);
      if (table.isAway) throw new Error('away');
      return isThere(alias) ? aSubscription({ alias }) : undefined;
    },
    now: () => table.at,
  });
  return { ...cache, table };
}

const isMadeUp = (alias: string) => alias.startsWith('made-up');
const madeUp = Array.from({ length: 2 * kept }, (_, index) => `made-up-${index}`);

it('forgets what was read the longest ago, which is never long ago for an alias in use', async () => {
  const { get, table } = aCache();
  for (let index = 0; index < 3 * kept; index += 1) {
    await get('iris');
    await get(`other-${index}`);
    table.at += 1_000;
  }
  // Once every five seconds, as alone.
  expect(table.reads.filter((alias) => alias === 'iris')).toHaveLength((3 * kept) / 5);
  const before = table.reads.length;
  await get(`other-${3 * kept - 1}`);
  expect(table.reads).toHaveLength(before);
  await get('other-0');
  expect(table.reads).toHaveLength(before + 1);
});

it('forgets none for aliases that do not exist', async () => {
  const { get, table } = aCache((alias) => !isMadeUp(alias));
  await get('iris');
  for (const alias of madeUp) expect(await get(alias)).toBeUndefined();
  table.reads.length = 0;
  expect(await get('iris')).toMatchObject({ alias: 'iris' });
  expect(table.reads).toEqual([]);
});

it('forgets none for aliases that nobody can look up while the table is away', async () => {
  const { get, table } = aCache();
  await get('iris');
  table.isAway = true;
  table.at += 60_000;
  for (const alias of madeUp) await expect(get(alias)).rejects.toThrow('away');
  expect(await get('iris')).toMatchObject({ alias: 'iris' });
});

it('reads an alias once however many ask for it at a time, and again after a failure', async () => {
  const { get, reread, table } = aCache();
  table.isAway = true;
  await expect(Promise.all([get('iris'), get('iris'), reread('iris')])).rejects.toThrow('away');
  table.isAway = false;
  await Promise.all([get('iris'), get('iris'), reread('iris')]);
  expect(table.reads).toEqual(['iris', 'iris']);
});

it('lets go of an alias that was removed, and of one that the table has not told of for five minutes', async () => {
  let exists = true;
  const { get, table } = aCache(() => exists);
  await get('iris');
  table.isAway = true;
  table.at += 299_999;
  expect(await get('iris')).toMatchObject({ alias: 'iris' });
  table.at += 1;
  await expect(get('iris')).rejects.toThrow('away');
  table.isAway = false;
  exists = false;
  expect(await get('iris')).toBeUndefined();
  table.isAway = true;
  await expect(get('iris')).rejects.toThrow('away');
});
