/** The child's record of an accepted offer: what is kept, what is shown, what it allows. Pure: no I/O, no clock. */

import type { Mode } from '../contract/fields.ts';
import type { Offer } from '../contract/offer.ts';
import type { Subscription } from '../contract/subscription.ts';

export interface SubscriptionRecord {
  readonly alias: string;
  readonly grantId: string;
  readonly roleArn: string;
  /** Never shown, never logged. */
  readonly externalId: string;
  readonly endpoint: { readonly name: string; readonly region: string };
  readonly modes: readonly Mode[];
  readonly targets?: Offer['targets'];
  readonly async?: Offer['async'];
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly limits?: Offer['limits'];
  readonly recordCaller?: boolean;
  readonly offerUrl: string;
  readonly status: 'active' | 'broken';
  readonly checkedAt: string;
  /** Why it is broken, in words. */
  readonly detail?: string;
  readonly acceptedAt: string;
  readonly acceptedBy: string;
  /** Counts writes; every write after the first is conditional on it. */
  readonly version: number;
}

export function accept(
  offer: Offer,
  by: { readonly alias: string; readonly acceptedBy: string; readonly now: number },
): SubscriptionRecord {
  const at = new Date(by.now).toISOString();
  return {
    alias: by.alias,
    ...termsOf(offer),
    status: 'active',
    checkedAt: at,
    acceptedAt: at,
    acceptedBy: by.acceptedBy,
    version: 1,
  };
}

/** The part of a record that the parent decides. */
export type Terms = Omit<
  SubscriptionRecord,
  'alias' | 'status' | 'checkedAt' | 'detail' | 'acceptedAt' | 'acceptedBy' | 'version'
>;

export function termsOf(offer: Offer): Terms {
  return {
    grantId: offer.grantId,
    roleArn: offer.roleArn,
    externalId: offer.externalId,
    endpoint: offer.endpoint,
    modes: offer.modes,
    ...(offer.targets && { targets: offer.targets }),
    ...(offer.async && { async: offer.async }),
    expiresAt: offer.expiresAt,
    ...(offer.limits && { limits: offer.limits }),
    ...(offer.recordCaller && { recordCaller: true }),
    offerUrl: offer.offerUrl,
  };
}

/** The same subscription under the terms of a newer offer of the same grant. Terms that were withdrawn go. */
export function withTerms(record: SubscriptionRecord, terms: Terms): SubscriptionRecord {
  const { alias, status, checkedAt, detail, acceptedAt, acceptedBy, version } = record;
  return {
    alias,
    ...terms,
    status,
    checkedAt,
    ...(detail !== undefined && { detail }),
    acceptedAt,
    acceptedBy,
    version: version + 1,
  };
}

/** Whether `terms` would change nothing. */
export function haveSameTerms(record: SubscriptionRecord, terms: Terms): boolean {
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util');
  return isDeepStrictEqual(withTerms(record, terms), withTerms(record, record));
}

export function isExpired(record: Pick<SubscriptionRecord, 'expiresAt'>, now: number): boolean {
  return now >= Date.parse(record.expiresAt);
}

/** What the child's callers see. */
export function publicSubscription(record: SubscriptionRecord, now: number): Subscription {
  return {
    alias: record.alias,
    grantId: record.grantId,
    roleArn: record.roleArn,
    endpoint: record.endpoint,
    modes: [...record.modes],
    expiresAt: record.expiresAt,
    status: isExpired(record, now) ? 'expired' : record.status,
    checkedAt: record.checkedAt,
    ...(record.detail !== undefined && { detail: record.detail }),
    acceptedAt: record.acceptedAt,
    acceptedBy: record.acceptedBy,
    offerUrl: record.offerUrl,
    version: record.version,
  };
}
