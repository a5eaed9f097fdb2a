/** The subscriptions that this environment used last, so that a warm invocation reads no table. */

import { remembered } from './remembered.ts';
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
const entriesMax = 200;

interface Entry {
  record?: SubscriptionRecord | undefined;
  /** Epoch milliseconds; 0 for what is to be read. */
  readAt: number;
  pending?: Promise<SubscriptionRecord | undefined> | undefined;
}

export function createSubscriptionCache(options: {
  readonly read: (alias: string) => Promise<SubscriptionRecord | undefined>;
  readonly now: () => number;
}): SubscriptionCache {
  const { read, now } = options;
  const entries = new Map<string, Entry>();

  const entryOf = (alias: string): Entry => remembered(entries, alias, () => ({ readAt: 0 }), entriesMax);

  const load = (alias: string, entry: Entry): Promise<SubscriptionRecord | undefined> => {
    entry.pending ??= read(alias)
      .then((record) => {
        entry.record = record;
        // Absence is not remembered: an alias works as soon as it was accepted.
        entry.readAt = record ? now() : 0;
        if (!record) entries.delete(alias);
        return record;
      })
      .finally(() => {
        entry.pending = undefined;
      });
    return entry.pending;
  };

  return {
    async get(alias) {
      const entry = entryOf(alias);
      const age = now() - entry.readAt;
      if (age < freshMs) return entry.record;
      if (age >= staleMs) return load(alias, entry);
      return load(alias, entry).catch(() => entry.record);
    },
    reread: (alias) => load(alias, entryOf(alias)),
    remember(record) {
      const entry = entryOf(record.alias);
      entry.record = record;
      entry.readAt = now();
    },
  };
}
