/** A subscription that a caller named, or the problem that there is none. */

import { Problem } from '../contract/problems.ts';
import type { SubscriptionRecord } from './subscription.ts';

/** Throws Problem `subscription.not_found`. */
export function foundSubscription(record: SubscriptionRecord | undefined, alias: string): SubscriptionRecord {
  if (record) return record;
  throw subscriptionNotFound(alias);
}

export function subscriptionNotFound(alias: string): Problem {
  return new Problem('subscription.not_found', `There is no subscription under alias ${alias}.`);
}
