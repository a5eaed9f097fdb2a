import { describe, expect, it } from 'vitest';
import { grantSchema } from '../../../lib/contract/grant.ts';
import { offerSchema } from '../../../lib/contract/offer.ts';
import { dueAt, etagOf, isSettled, offerOf, publicGrant } from '../../../lib/grant/grant.ts';
import { fromItem, toItem } from '../../../lib/grant/grant-item.ts';
import { aGrant, childId, now } from '../../support/a-grant.ts';

const soon = '2027-01-11T00:00:00.000Z';

describe('when a grant wants to be looked at', () => {
  it.each<[string, Parameters<typeof aGrant>[0], string | undefined]>([
    ['at its date', {}, '2027-04-01T00:00:00.000Z'],
    [
      'at the end of a grace period before that',
      { externalIds: { current: 'a', previous: { value: 'b', validUntil: soon } } },
      soon,
    ],
    [
      'at once while something is not proven',
      { generation: 2, pending: { operation: 'update', since: soon, by: 'x' } },
      soon,
    ],
    [
      'at the time of the next attempt',
      {
        generation: 2,
        pending: { operation: 'update', since: '2027-01-01T00:00:00.000Z', by: 'x', retryAt: soon },
      },
      soon,
    ],
    ['at once while its news is not published', { announced: 0, updatedAt: soon }, soon],
    ['never once it has ended', { status: 'revoked', goal: 'revoked' }, undefined],
    [
      'at once when it has ended and its news is not published',
      { status: 'revoked', announced: 0, updatedAt: soon },
      soon,
    ],
  ])('%s', (_name, change, expected) => {
    expect(dueAt(aGrant(change))).toBe(expected && Date.parse(expected));
  });
});

it('is settled when what was asked for last is proven, or it has ended', () => {
  expect(isSettled(aGrant())).toBe(true);
  expect(isSettled(aGrant({ generation: 2 }))).toBe(false);
  expect(isSettled(aGrant({ generation: 2, status: 'revoked' }))).toBe(true);
});

describe('seen from outside', () => {
  const rotating = aGrant({
    generation: 2,
    pending: { operation: 'rotate', since: soon, by: 'x', lastError: 'It failed.', retryAt: soon },
    externalIds: {
      current: 'external-id-current',
      next: { value: 'external-id-next', graceSeconds: 60 },
      previous: { value: 'external-id-old', validUntil: soon },
      retired: ['external-id-retired'],
    },
    bodyHash: 'hash',
  });

  it('is what the contract says, and keeps to itself what is not proven or no longer valid', () => {
    const seen = publicGrant(rotating);
    expect(grantSchema.strict().safeParse(seen).error).toBeUndefined();
    for (const hidden of ['external-id-next', 'external-id-retired', 'hash', 'retryAt'])
      expect(JSON.stringify(seen)).not.toContain(hidden);
  });

  it('offers the child its own external id and nothing of the other ones', () => {
    const offer = offerOf(rotating, 'https://abc.execute-api.us-east-1.amazonaws.com/dev/offers/x');
    expect(offerSchema.safeParse(offer).error).toBeUndefined();
    expect(offer).toMatchObject({ externalId: 'external-id-current', childAccountId: childId });
    for (const hidden of ['external-id-next', 'external-id-old', 'external-id-retired'])
      expect(JSON.stringify(offer)).not.toContain(hidden);
  });

  it('has a new ETag with each version', () => {
    expect(etagOf(aGrant({ version: 7 }))).toBe('"7"');
  });
});

it('comes back from its item as it was, with the lease beside it', () => {
  const lease = { holder: 'me', until: now };
  expect(fromItem(toItem(aGrant(), lease))).toEqual({ record: aGrant(), lease });
  expect(fromItem(toItem(aGrant(), undefined))).toEqual({ record: aGrant() });
});

it('stands in the index of the due only while it is due some day', () => {
  expect(toItem(aGrant(), undefined)).toMatchObject({ dueShard: 'due' });
  expect(toItem(aGrant({ status: 'revoked' }), undefined)).not.toHaveProperty('dueShard');
});
