/**
 * Tables whose changes are read at once through the IAM API, but reach authorization later ("IAM is eventually
 * consistent": IAM User Guide, "Changes that I make are not always immediately visible").
 *
 * Authorization sees every table as it was at the horizon, `now - lag`. The horizon never goes back, so a change
 * that was visible once stays visible when the lag is raised.
 */

import type { Clock } from '../types.ts';

export interface Timeline {
  createTable<T>(): Table<T>;
  /** From now on. */
  setLag(seconds: number): void;
}

export interface Table<T> {
  readonly size: number;
  /** As the IAM API reads. */
  get(key: string): T | undefined;
  /** As authorization reads. */
  visible(key: string): T | undefined;
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

export function createTimeline(clock: Clock): Timeline {
  let lagMs = 0;
  /** The horizon cannot be before this. */
  let floor = Number.NEGATIVE_INFINITY;
  let lastChange = Number.NEGATIVE_INFINITY;

  const horizon = () => {
    if (lagMs === 0) return Number.POSITIVE_INFINITY;
    floor = Math.max(floor, clock.now() - lagMs);
    return floor;
  };
  /** After everything that is visible already, even within the millisecond in which the lag was raised. */
  const stamp = () => {
    lastChange = Math.max(clock.now(), lastChange, floor + 1);
    return lastChange;
  };

  return {
    setLag(seconds) {
      floor = lagMs === 0 ? Math.max(floor, clock.now(), lastChange) : horizon();
      lagMs = seconds * 1000;
    },
    createTable: () => createTable({ horizon, stamp }),
  };
}

function createTable<T>(time: { horizon(): number; stamp(): number }): Table<T> {
  const current = new Map<string, T>();
  /** Oldest first, the last equal to `current`; only for keys with a change that may not be visible yet. */
  const pending = new Map<string, readonly Version<T>[]>();
  let keys: readonly string[] | undefined;

  const write = (key: string, value: T | undefined) => {
    if (current.has(key) !== (value !== undefined)) keys = undefined;
    if (value === undefined) current.delete(key);
    else current.set(key, value);
  };
  const change = (key: string, value: T | undefined) => {
    const before = visibleOnwards(key);
    write(key, value);
    if (time.horizon() === Number.POSITIVE_INFINITY) pending.delete(key);
    else pending.set(key, [...before, { at: time.stamp(), value }]);
  };
  /** The version that authorization sees, and those to come. */
  const visibleOnwards = (key: string): readonly Version<T>[] => {
    const versions = pending.get(key);
    if (!versions) return [{ at: Number.NEGATIVE_INFINITY, value: current.get(key) }];
    const horizon = time.horizon();
    const seen = versions.findLastIndex(({ at }) => at <= horizon);
    if (seen === versions.length - 1) pending.delete(key);
    else if (seen > 0) pending.set(key, versions.slice(seen));
    return versions.slice(Math.max(seen, 0));
  };

  return {
    get size() {
      return current.size;
    },
    get: (key) => current.get(key),
    visible: (key) => (pending.has(key) ? visibleOnwards(key)[0]?.value : current.get(key)),
    set: change,
    seed(key, value) {
      pending.delete(key);
      write(key, value);
    },
    delete: (key) => change(key, undefined),
    values: () => current.values(),
    sortedKeys: () => {
      keys ??= [...current.keys()].sort();
      return keys;
    },
  };
}
