/**
 * Terms change behind the child's back: the parent rotates an external id, extends a grant, adds a mode. What the
 * relay holds is then renewed: from the table, where another environment may have stored the news already, else from
 * the parent's get-offer. Bounded, because a grant that has ended would otherwise ask the parent at every request.
 */

import type { ReadOffer } from './offer-source.ts';
import { newerTerms } from './offer-terms.ts';
import { keep, remembered } from './remembered.ts';
import { haveSameTerms, type SubscriptionRecord, withTerms } from './subscription.ts';
import type { SubscriptionCache } from './subscription-cache.ts';

/** The subscription under newer terms; undefined when there are none, or none can be learnt. Does not reject. */
export type Renew = (record: SubscriptionRecord) => Promise<SubscriptionRecord | undefined>;

const askAgainAfterMs = 10_000;
const entriesMax = 500;

export function createRenew(options: {
  readonly cache: SubscriptionCache;
  readonly readOffer: ReadOffer;
  readonly write: (record: SubscriptionRecord) => Promise<boolean>;
  readonly now: () => number;
}): Renew {
  const { cache, readOffer, write, now } = options;
  const askedAt = new Map<string, number>();
  const pending = new Map<string, Promise<SubscriptionRecord | undefined>>();

  const renew = async (record: SubscriptionRecord): ReturnType<Renew> => {
    const stored = await cache.reread(record.alias);
    if (!stored || stored.grantId !== record.grantId) return undefined;
    if (!haveSameTerms(stored, record)) return stored;
    if (now() - (askedAt.get(record.grantId) ?? 0) < askAgainAfterMs) return undefined;
    keep(askedAt, record.grantId, now(), entriesMax);
    const reading = await readOffer(record.offerUrl);
    // No answer is no news: the next request may ask.
    if ('refusal' in reading && reading.refusal === 'unreachable') askedAt.delete(record.grantId);
    const terms = 'offer' in reading ? newerTerms(stored, reading.offer) : undefined;
    if (!terms || haveSameTerms(stored, terms)) return undefined;
    const renewed = withTerms(stored, terms);
    if (!(await write(renewed))) return cache.reread(record.alias);
    cache.remember(renewed);
    return renewed;
  };

  return (record) =>
    remembered(pending, record.alias, () =>
      renew(record)
        .catch(() => undefined)
        .finally(() => pending.delete(record.alias)),
    );
}
