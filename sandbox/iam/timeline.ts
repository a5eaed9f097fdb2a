/**
 * Tables whose changes arrive late ("IAM is eventually consistent": IAM User Guide, "Changes that I make are not always
 * immediately visible"): at authorization by one lag, at what the IAM API reads by another. What writes find is always
 * the newest.
 *
 * Whoever looks late sees every table as it was at his horizon, `now - lag`. A horizon never goes back, so a change
 * that was visible once stays visible when the lag is raised.
 */

import type { Clock } from '../types.ts';

export interface Timeline {
  createTable<T>(): Table<T>;
  /** Of authorization, from now on. */
  setLag(seconds: number): void;
  /** Of the reads of the IAM API, from now on. */
  setReadLag(seconds: number): void;
}

export interface Table<T> {
  readonly size: number;
  get(key: string): T | undefined;
  /** As authorization sees it. */
  visible(key: string): T | undefined;
  /** The same table as the IAM API's reads find it. */
  readonly asRead: Table<T>;
  set(key: string, value: T): void;
  /** What was there before the story began: visible at once. */
  seed(key: string, value: T): void;
  delete(key: string): void;
  values(): Iterable<T>;
  /** In code point order; kept between changes of the set of keys. */
  sortedKeys(): readonly string[];
}

interface Version<T> {
  readonly at: number;
  /** Undefined: there was nothing. */
  readonly value: T | undefined;
}

interface Horizon {
  /** Infinite where there is no lag. */
  at(): number;
  /** At what time it stands at least. */
  readonly floor: number;
  setLag(seconds: number, lastChange: number): void;
}

export function createTimeline(clock: Clock): Timeline {
  const authorization = createHorizon(clock);
  const reads = createHorizon(clock);
  let lastChange = Number.NEGATIVE_INFINITY;
  const time: Time = {
    authorization: authorization.at,
    reads: reads.at,
    /** After everything that is visible already, even within the millisecond in which a lag was raised. */
    stamp() {
      lastChange = Math.max(clock.now(), lastChange, authorization.floor + 1, reads.floor + 1);
      return lastChange;
    },
  };
  return {
    setLag: (seconds) => authorization.setLag(seconds, lastChange),
    setReadLag: (seconds) => reads.setLag(seconds, lastChange),
    createTable: () => createTable(time),
  };
}

function createHorizon(clock: Clock): Horizon {
  let lagMs = 0;
  let floor = Number.NEGATIVE_INFINITY;
  const at = () => {
    if (lagMs === 0) return Number.POSITIVE_INFINITY;
    floor = Math.max(floor, clock.now() - lagMs);
    return floor;
  };
  return {
    get floor() {
      return floor;
    },
    at,
    setLag(seconds, lastChange) {
      floor = lagMs === 0 ? Math.max(floor, clock.now(), lastChange) : at();
      lagMs = seconds * 1000;
    },
  };
}

interface Time {
  readonly authorization: () => number;
  readonly reads: () => number;
  readonly stamp: () => number;
}

function createTable<T>(time: Time): Table<T> {
  const current = new Map<string, T>();
  /** Oldest first, the last equal to `current`; only for keys with a change that somebody may not see yet. */
  const pending = new Map<string, readonly Version<T>[]>();
  let keys: readonly string[] | undefined;
  const earliest = () => Math.min(time.authorization(), time.reads());

  const write = (key: string, value: T | undefined) => {
    if (current.has(key) !== (value !== undefined)) keys = undefined;
    if (value === undefined) current.delete(key);
    else current.set(key, value);
  };
  const change = (key: string, value: T | undefined) => {
    const before = versionsOf(key);
    write(key, value);
    if (earliest() === Number.POSITIVE_INFINITY) pending.delete(key);
    else pending.set(key, [...before, { at: time.stamp(), value }]);
  };
  /** The version that stands at the earliest horizon, and those to come. */
  const versionsOf = (key: string): readonly Version<T>[] => {
    const versions = pending.get(key);
    if (!versions) return [{ at: Number.NEGATIVE_INFINITY, value: current.get(key) }];
    const seen = lastUpTo(versions, earliest());
    if (seen === versions.length - 1) pending.delete(key);
    else if (seen > 0) pending.set(key, versions.slice(seen));
    return versions.slice(seen);
  };
  const seenFrom = (horizon: () => number) => (key: string) => {
    if (!pending.has(key)) return current.get(key);
    const versions = versionsOf(key);
    return versions[lastUpTo(versions, horizon())]?.value;
  };

  const sortedKeys = () => {
    keys ??= [...current.keys()].sort();
    return keys;
  };
  const read = seenFrom(time.reads);
  const readKeys = () =>
    time.reads() === Number.POSITIVE_INFINITY
      ? sortedKeys()
      : [...new Set([...current.keys(), ...pending.keys()])].filter((key) => read(key) !== undefined).sort();
  const common = {
    visible: seenFrom(time.authorization),
    set: change,
    seed(key: string, value: T) {
      pending.delete(key);
      write(key, value);
    },
    delete: (key: string) => change(key, undefined),
  };
  const asRead: Table<T> = {
    ...common,
    get size() {
      return readKeys().length;
    },
    get: read,
    get asRead() {
      return asRead;
    },
    values: () => readKeys().flatMap((key) => read(key) ?? []),
    sortedKeys: readKeys,
  };
  return {
    ...common,
    get size() {
      return current.size;
    },
    get: (key) => current.get(key),
    asRead,
    values: () => current.values(),
    sortedKeys,
  };
}

/** The index of the version that stands at the horizon; of the oldest where that is later. */
function lastUpTo(versions: readonly Version<unknown>[], horizon: number): number {
  return Math.max(
    0,
    versions.findLastIndex(({ at }) => at <= horizon),
  );
}
