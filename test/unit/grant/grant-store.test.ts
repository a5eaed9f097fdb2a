import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListGrantsQuery } from '../../../lib/contract/grant.ts';
import type { GrantRecord } from '../../../lib/grant/grant.ts';
import type { GrantStore } from '../../../lib/grant/grant-store.ts';
import { aGrant, now } from '../../support/a-grant.ts';
import { createGrantWorld, type GrantWorld } from '../../support/grant-world.ts';

const lease = { holder: 'me', until: now + 30_000 };
const theirs = { holder: 'they', until: now + 30_000 };
const pending = { operation: 'update', since: new Date(now).toISOString(), by: 'x' };
let count = 0;

/** One that still has work to do, under a new id. */
function unsettled(change: Partial<GrantRecord> = {}): GrantRecord {
  const id = `grt_${String(++count).padStart(26, '0')}`;
  return aGrant({ id, generation: 2, pending, ...change });
}

/** One suite for the sandbox's DynamoDB and for the table in memory that stands for it in long tests. */
describe.each(['sandbox', 'memory'] as const)('grants in DynamoDB (%s)', (tables) => {
  let world: GrantWorld;
  let store: GrantStore;
  beforeAll(async () => {
    world = await createGrantWorld({ tables });
    store = storeOf('audit-grants');
  });
  afterAll(() => world.close());

  /** With the permissions of that function, where they are enforced. */
  const storeOf = (operation: string) => world.start({ as: operation }).store;

  const stored = async (record: GrantRecord, by = lease) => {
    expect(await store.create(record, by)).toBe(true);
    return { record, lease: by };
  };

  /** With what advance-grants may do, page after page. */
  const allDue = async (shard: Parameters<GrantStore['due']>[0]) => {
    const { due } = storeOf('advance-grants');
    const found: string[] = [];
    let from: Parameters<GrantStore['due']>[2];
    do {
      const { ids, next } = await due(shard, now, from);
      found.push(...ids);
      from = next;
    } while (from);
    return found;
  };

  it('creates a grant once', async () => {
    const record = unsettled();
    expect(await store.create(record, lease)).toBe(true);
    expect(await store.create({ ...record, note: 'other' }, theirs)).toBe(false);
    expect(await store.require(record.id)).toEqual({ record, lease });
  });

  it('says that there is none', async () => {
    expect(await store.get('grt_none')).toBeUndefined();
    await expect(store.require('grt_none')).rejects.toMatchObject({ code: 'grant.not_found' });
  });

  it('stores the next version, and no second one from the same version', async () => {
    const before = await stored(unsettled());
    const after = await store.put({ ...before.record, note: 'mine' }, before);
    expect(after?.record).toMatchObject({ version: before.record.version + 1, note: 'mine' });
    expect(await store.put({ ...before.record, note: 'theirs' }, before)).toBeUndefined();
    expect((await store.require(before.record.id)).record.note).toBe('mine');
  });

  it('stores nothing over a lease that was renewed meanwhile', async () => {
    const before = await stored(unsettled());
    expect(await store.lease(before.record, { ...lease, until: now + 40_000 }, now + 10_000)).toBe(true);
    expect(await store.put({ ...before.record, note: 'mine' }, before)).toBeUndefined();
    expect((await store.require(before.record.id)).lease?.until).toBe(now + 40_000);
  });

  it('knows its own write when its answer was lost and it is repeated', async () => {
    const before = await stored(unsettled());
    const next = { ...before.record, note: 'mine' };
    await store.put(next, before);
    expect((await store.put(next, before))?.record.note).toBe('mine');
  });

  it('lets nobody write who lost the lease', async () => {
    const before = await stored(unsettled());
    expect(await store.lease(before.record, theirs, lease.until + 1)).toBe(true);
    expect(await store.put({ ...before.record, note: 'late' }, before)).toBeUndefined();
  });

  it('gives back the lease with what is settled', async () => {
    const before = await stored(unsettled());
    const after = await store.put({ ...before.record, provenGeneration: 2 }, before);
    expect(after).not.toHaveProperty('lease');
    expect(await store.require(before.record.id)).not.toHaveProperty('lease');
  });

  describe('the lease', () => {
    it('is renewed by its holder and refused to anybody else until it is over', async () => {
      const { record } = await stored(unsettled());
      expect(await store.lease(record, { ...lease, until: now + 40_000 }, now + 10_000)).toBe(true);
      expect(await store.lease(record, theirs, now + 40_000)).toBe(false);
      expect(await store.lease(record, { ...theirs, until: now + 80_000 }, now + 40_001)).toBe(true);
      expect(await store.lease(record, lease, now + 40_001)).toBe(false);
    });

    it('is refused for a version that is no longer the latest', async () => {
      const before = await stored(unsettled());
      await store.put({ ...before.record, note: 'newer' }, before);
      expect(await store.lease(before.record, lease, now)).toBe(false);
    });
  });

  it('amends what no version counts and gives the lease back, unless it was lost', async () => {
    const { record } = await stored(unsettled());
    const retryAt = new Date(now + 5_000).toISOString();
    await store.amend({ ...record, pending: { ...pending, retryAt } }, theirs);
    expect(await store.require(record.id)).toEqual({ record, lease });
    await store.amend({ ...record, pending: { ...pending, retryAt } }, lease);
    expect(await store.require(record.id)).toEqual({
      record: { ...record, pending: { ...pending, retryAt } },
    });
  });

  it('finds what is due, the longest waiting first, and nothing that is not', async () => {
    const since = (seconds: number) => ({ ...pending, since: new Date(now + seconds * 1000).toISOString() });
    const second = (await stored(unsettled({ pending: since(-800_002) }))).record;
    const first = (await stored(unsettled({ pending: since(-800_003) }))).record;
    const never = (await stored(unsettled({ status: 'revoked', generation: 1 }))).record;
    const later = (await stored(unsettled({ pending: since(60) }))).record;
    const isMade = (id: string) => [first.id, second.id, never.id, later.id].includes(id);
    expect((await allDue('due')).filter(isMade)).toEqual([first.id, second.id]);
  });

  it('finds what is to be shut in a shard of its own', async () => {
    const suspended = (await stored(unsettled({ goal: 'suspended' }))).record.id;
    const revoked = (await stored(unsettled({ goal: 'revoked', status: 'revoking' }))).record.id;
    const expired = (await stored(unsettled({ goal: 'expired', status: 'revoking' }))).record.id;
    const made = [suspended, revoked, expired];
    expect((await allDue('shut')).filter((id) => made.includes(id)).toSorted()).toEqual(
      [suspended, revoked].toSorted(),
    );
    expect((await allDue('due')).filter((id) => made.includes(id))).toEqual([expired]);
  });

  it('walks through more that is due than a page holds', async () => {
    const goal = 'suspended';
    const made: string[] = [];
    for (let index = 0; index < 130; index++) made.push((await stored(unsettled({ goal }))).record.id);
    const found = await allDue('shut');
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining(made));
  });

  it('pages through a query without losing, repeating or mixing any', async () => {
    const endpoint = { ...aGrant().endpoint, name: 'paged' };
    const made: string[] = [];
    for (let index = 0; index < 7; index++) {
      const createdAt = new Date(now + index * 1000).toISOString();
      const status = index % 2 === 0 ? 'active' : 'suspended';
      made.push((await stored(unsettled({ endpoint, createdAt, status }))).record.id);
    }
    const { list } = storeOf('list-grants');
    const all = async (query: Partial<ListGrantsQuery>) => {
      const ids: string[] = [];
      let from: Parameters<GrantStore['list']>[1];
      do {
        const page = await list({ limit: 2, endpointName: 'paged', ...query }, from);
        ids.push(...page.records.map(({ id }) => id));
        from = page.next;
      } while (from);
      return ids;
    };
    expect(await all({})).toEqual(made.toReversed());
    expect(await all({ status: 'suspended' })).toEqual(
      made.filter((_, index) => index % 2 === 1).toReversed(),
    );
    expect(await all({ childAccountId: '999999999999' })).toEqual([]);
  });

  it('reads many at once, those that exist', async () => {
    const { record } = await stored(unsettled());
    expect(await store.getMany([record.id, 'grt_none'])).toEqual([record]);
  });

  it('notes when an audit probed it, without a new version', async () => {
    const { record } = await stored(unsettled());
    const sampledAt = pending.since;
    await store.noteSample(record.id, sampledAt);
    expect(await store.require(record.id)).toEqual({ record: { ...record, sampledAt }, lease });
    await store.noteSample('grt_none', sampledAt);
    expect(await store.get('grt_none')).toBeUndefined();
  });
});
