/** Sessions of share roles: one AssumeRole however many requests wait for it, renewed before it ends, kept through an outage of STS. */

import type { SessionCredentials } from './credentials.ts';
import { remembered } from './remembered.ts';

export interface Sessions<Key> {
  /** Throws what `assume` throws when there is no live session. */
  get(key: Key): Promise<SessionCredentials>;
  /** These credentials were refused: the next request takes others, unless that happened too often. */
  forget(key: Key, refused: SessionCredentials): void;
  /** The last renewal that nobody waits for, while it is under way. Does not reject. */
  renewing(): Promise<void> | undefined;
}

/** Renewal starts this long before the end, so that STS may be away for a quarter of an hour. */
const renewBeforeMs = 15 * 60_000;
/** After a failed renewal. */
const renewAgainAfterMs = 15_000;
/** Credentials this near their end may expire under way. */
const usableMarginMs = 30_000;
/**
 * A refusal is answered again without asking again, twice as long each time, so that a revoked grant does not become a
 * storm on STS.
 */
const refusalMsMin = 2_000;
const refusalMsMax = 60_000;
/** While a session lives, another is taken only if no more than one was in this time: SageMaker may refuse them all. */
const twoTakenMs = 3_600_000;
/** Some kilobytes each; where callers are recorded, every caller has one. */
const entriesMax = 2_000;

interface Entry {
  credentials?: SessionCredentials | undefined;
  pending?: Promise<SessionCredentials> | undefined;
  /** The one in the background, which does not fail. */
  renewal?: Promise<void> | undefined;
  renewNotBefore: number;
  refusal?:
    | { readonly error: unknown; readonly terms: unknown; readonly ms: number; readonly until: number }
    | undefined;
  /** When the last two sessions were taken, the older first. */
  takenAt: readonly [number, number];
}

export function createSessions<Key>(options: {
  readonly assume: (key: Key) => Promise<SessionCredentials>;
  /** Equal names share a session: role and, where callers are recorded, caller. */
  readonly nameOf: (key: Key) => string;
  /** A refusal under other terms than these says nothing. */
  readonly termsOf: (key: Key) => unknown;
  readonly now: () => number;
}): Sessions<Key> {
  const { assume, nameOf, termsOf, now } = options;
  const entries = new Map<string, Entry>();
  let renewing: Promise<void> | undefined;

  const entryOf = (key: Key): Entry =>
    remembered(entries, nameOf(key), () => ({ renewNotBefore: 0, takenAt: [0, 0] }), entriesMax);

  const refusedUnder = (terms: unknown, { refusal }: Entry) =>
    refusal?.terms === terms ? refusal : undefined;
  const mayTakeAnother = ({ takenAt }: Entry) => now() - takenAt[0] >= twoTakenMs;

  const take = (key: Key, entry: Entry, isAwaited: boolean): Promise<SessionCredentials> => {
    entry.pending ??= assume(key)
      .then(
        (credentials) => {
          entry.credentials = credentials;
          entry.refusal = undefined;
          entry.takenAt = [entry.takenAt[1], now()];
          return credentials;
        },
        (error: unknown) => {
          entry.renewNotBefore = now() + renewAgainAfterMs;
          if (isAwaited) {
            const terms = termsOf(key);
            const ms = Math.min(refusalMsMax, 2 * (refusedUnder(terms, entry)?.ms ?? refusalMsMin / 2));
            entry.refusal = { error, terms, ms, until: now() + ms };
          }
          throw error;
        },
      )
      .finally(() => {
        entry.pending = undefined;
      });
    return entry.pending;
  };

  const renewInBackground = (key: Key, entry: Entry) => {
    if (entry.pending || now() < entry.renewNotBefore || !mayTakeAnother(entry)) return;
    const settle = () => {
      entry.renewal = renewing = undefined;
    };
    entry.renewal = renewing = take(key, entry, false).then(settle, settle);
  };

  const get = async (key: Key): Promise<SessionCredentials> => {
    const entry = entryOf(key);
    const { credentials } = entry;
    const remainingMs = credentials ? credentials.expiresAt - now() : 0;
    if (credentials && remainingMs > usableMarginMs) {
      if (remainingMs < renewBeforeMs) renewInBackground(key, entry);
      return credentials;
    }
    if (entry.renewal) {
      // Begun for nobody in particular, and Lambda may have frozen it on the way: its failure is not ours.
      await entry.renewal;
      if (entry.credentials !== credentials) return get(key);
    }
    const refusal = refusedUnder(termsOf(key), entry);
    if (!entry.pending && refusal && now() < refusal.until) throw refusal.error;
    return take(key, entry, true).catch((error: unknown) => {
      if (credentials && credentials.expiresAt > now()) return credentials;
      throw error;
    });
  };

  return {
    get,

    forget(key, refused) {
      const entry = entryOf(key);
      // Unless another request has replaced them already.
      if (entry.credentials === refused && mayTakeAnother(entry)) entry.credentials = undefined;
    },

    renewing: () => renewing,
  };
}
