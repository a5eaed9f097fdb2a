/** Sessions of share roles: one AssumeRole however many requests wait for it, renewed before it ends, kept through an outage of STS. */

import type { SessionCredentials } from './credentials.ts';

export interface Sessions<Key> {
  /** Throws what `assume` throws when there is no live session. */
  get(key: Key): Promise<SessionCredentials>;
  /**
   * These credentials were refused. False: they were taken anew only a moment ago, so taking others would not help.
   */
  forget(key: Key, refused: SessionCredentials, isExpired: boolean): boolean;
}

/** Renewal starts this long before the end, so that STS may be away for a quarter of an hour. */
const renewBeforeMs = 15 * 60_000;
/** After a failed renewal. */
const renewAgainAfterMs = 15_000;
/** Credentials this near their end may expire under way. */
const usableMarginMs = 30_000;
/** A refusal is answered again without asking again, so that a revoked grant does not become a storm on STS. */
const refusalMs = 2_000;
/** A session that SageMaker refuses is replaced at most this often at first, then ever more rarely. */
const replaceAfterMsMin = 60_000;
const replaceAfterMsMax = 15 * 60_000;
const entriesMax = 500;

interface Entry {
  credentials: SessionCredentials | undefined;
  pending: Promise<SessionCredentials> | undefined;
  /** The one in the background, which does not fail. */
  renewal: Promise<void> | undefined;
  renewNotBefore: number;
  refusal: { readonly error: unknown; readonly until: number } | undefined;
  replacedAt: number;
  replaceAfterMs: number;
}

export function createSessions<Key>(options: {
  readonly assume: (key: Key) => Promise<SessionCredentials>;
  /** Equal names share a session: role and, where callers are recorded, caller. */
  readonly nameOf: (key: Key) => string;
  readonly now: () => number;
}): Sessions<Key> {
  const { assume, nameOf, now } = options;
  const entries = new Map<string, Entry>();

  const entryOf = (key: Key): Entry => {
    const name = nameOf(key);
    const known = entries.get(name);
    if (known) return known;
    if (entries.size >= entriesMax) entries.delete(entries.keys().next().value as string);
    const entry: Entry = {
      credentials: undefined,
      pending: undefined,
      renewal: undefined,
      renewNotBefore: 0,
      refusal: undefined,
      replacedAt: Number.NEGATIVE_INFINITY,
      replaceAfterMs: replaceAfterMsMin,
    };
    entries.set(name, entry);
    return entry;
  };

  const take = (key: Key, entry: Entry, isAwaited: boolean): Promise<SessionCredentials> => {
    entry.pending ??= assume(key)
      .then(
        (credentials) => {
          entry.credentials = credentials;
          entry.refusal = undefined;
          return credentials;
        },
        (error: unknown) => {
          entry.renewNotBefore = now() + renewAgainAfterMs;
          if (isAwaited) entry.refusal = { error, until: now() + refusalMs };
          throw error;
        },
      )
      .finally(() => {
        entry.pending = undefined;
      });
    return entry.pending;
  };

  const renewInBackground = (key: Key, entry: Entry) => {
    if (entry.pending || now() < entry.renewNotBefore) return;
    entry.renewal = take(key, entry, false).then(
      () => undefined,
      () => undefined,
    );
  };

  const get = async (key: Key): Promise<SessionCredentials> => {
    const entry = entryOf(key);
    const { credentials } = entry;
    const remainingMs = credentials ? credentials.expiresAt - now() : 0;
    if (credentials && remainingMs > usableMarginMs) {
      if (remainingMs < renewBeforeMs) renewInBackground(key, entry);
      return credentials;
    }
    if (entry.pending && entry.renewal) {
      // Begun for nobody in particular, and Lambda may have frozen it on the way: its failure is not ours.
      await entry.renewal;
      entry.renewal = undefined;
      if (entry.credentials !== credentials) return get(key);
    }
    if (!entry.pending && entry.refusal && now() < entry.refusal.until) throw entry.refusal.error;
    return take(key, entry, true).catch((error: unknown) => {
      if (credentials && credentials.expiresAt > now()) return credentials;
      throw error;
    });
  };

  return {
    get,

    forget(key, refused, isExpired) {
      const entry = entryOf(key);
      // Another request has replaced them already.
      if (entry.credentials !== refused) return true;
      const sinceMs = now() - entry.replacedAt;
      if (!isExpired && sinceMs < entry.replaceAfterMs) return false;
      entry.replaceAfterMs =
        sinceMs < 2 * entry.replaceAfterMs
          ? Math.min(replaceAfterMsMax, 2 * entry.replaceAfterMs)
          : replaceAfterMsMin;
      entry.replacedAt = now();
      entry.credentials = undefined;
      return true;
    },
  };
}
