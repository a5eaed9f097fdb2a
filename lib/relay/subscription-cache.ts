/** The subscriptions that this environment used last, so that a warm invocation reads no table. */

import { keep, remembered } from './remembered.ts';
import type { SubscriptionRecord } from './subscription.ts';

export interface SubscriptionCache {
  /** Undefined: there is no such subscription. Throws what the store throws when it never answered before. */
  get(alias: string): Promise<SubscriptionRecord | undefined>;
  /** Past the cache; what was read is remembered. */
  reread(alias: string): Promise<SubscriptionRecord | undefined>;
  remember(record: SubscriptionRecord): void;
}

/** A removed or replaced alias goes on being used for at most this long. */
const freshMs = 5_000;
/** While the table does not answer, what was known is used for this long. */
const staleMs = 300_000;
/** The one read the longest ago makes room; one in use is read anew every few seconds. */
const entriesMax = 200;

interface Entry {
  readonly record: SubscriptionRecord;
  /** Epoch milliseconds. */
  readonly readAt: number;
}

export function createSubscriptionCache(options: {
  readonly read: (alias: string) => Promise<SubscriptionRecord | undefined>;
  readonly now: () => number;
}): SubscriptionCache {
  const { read, now } = options;
  /** None for an alias that does not exist: it would cost one that does its place, and is to work once it is accepted. */
  const entries = new Map<string, Entry>();
  const pending = new Map<string, Promise<SubscriptionRecord | undefined>>();

  const remember = (record: SubscriptionRecord) =>
    void keep(entries, record.alias, { record, readAt: now() }, entriesMax);

  const load = (alias: string) =>
    remembered(pending, alias, () =>
      read(alias)
        .then((record) => {
          if (record) remember(record);
          else entries.delete(alias);
          return record;
        })
        .finally(() => pending.delete(alias)),
    );

  return {
    async get(alias) {
      const known = entries.get(alias);
      if (!known) return load(alias);
      const { record, readAt } = known;
      const age = now() - readAt;
      if (age < freshMs) return record;
      const loading = load(alias);
      return age < staleMs ? loading.catch(() => record) : loading;
    },
    reread: load,
    remember,
  };
}
