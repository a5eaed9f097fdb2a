/**
 * When sessions of a role were last used, as IAM tells it: hours later in AWS ("usually within four hours"), at once here unless
 * a lag is set.
 */

import type { Clock } from '../types.ts';

export interface LastUsed {
  note(roleId: string, region: string): void;
  /** Undefined: never, as far as IAM tells yet. */
  of(roleId: string): Use | undefined;
  /** From now on. */
  setLag(seconds: number): void;
}

export interface Use {
  readonly at: number;
  readonly region: string;
}

export function createLastUsed(clock: Clock): LastUsed {
  let lagMs = 0;
  /** Oldest first: the one that is told, and those to come. */
  const uses = new Map<string, Use[]>();

  const told = (all: readonly Use[]) => all.findLastIndex(({ at }) => at <= clock.now() - lagMs);

  return {
    note(roleId, region) {
      const all = uses.get(roleId) ?? [];
      const now = clock.now();
      const { at } = all.at(-1) ?? {};
      // IAM tells seconds.
      if (at !== undefined && secondOf(at) === secondOf(now)) all.pop();
      all.push({ at: now, region });
      uses.set(roleId, all.slice(Math.max(told(all), 0)));
    },
    of(roleId) {
      const all = uses.get(roleId) ?? [];
      return all[told(all)];
    },
    setLag(seconds) {
      lagMs = seconds * 1000;
    },
  };
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}
