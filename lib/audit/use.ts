/** Since when a grant lies unused. Pure. */

import type { GrantRecord } from '../grant/grant.ts';

const dayMs = 86_400_000;

/** IAM shows a use hours after it ("usually within four hours"); what it does not show after a day did not happen. */
const lagMs = dayMs;

/** What lies this close behind a probe of Sharemaker's own may be that probe. */
const probeWindowMs = 15 * 60_000;

export interface UnusedRules {
  /** Undefined: never. */
  readonly warnDays?: number;
  readonly suspendDays?: number;
}

/**
 * Epoch milliseconds of the last use. Never earlier than the child's: IAM's "last used" counts Sharemaker's own probes, which
 * hide what was shortly before them, so they count here, too (see mayBeSampled), as does the creation.
 */
export function lastUseOf(record: GrantRecord, roleLastUsedAt: string | undefined): number {
  return Math.max(lastProbeOf(record), roleLastUsedAt ? Date.parse(roleLastUsedAt) : 0);
}

/** Where anybody wants to know of disuse, only a use by the child earns a grant another probe: one that lies idle has to look it. */
export function mayBeSampled(
  record: GrantRecord,
  roleLastUsedAt: string | undefined,
  rules: UnusedRules,
): boolean {
  const isWatched = (rules.warnDays ?? rules.suspendDays) !== undefined;
  return !isWatched || lastUseOf(record, roleLastUsedAt) > lastProbeOf(record) + probeWindowMs;
}

function lastProbeOf({ createdAt, probes, sampledAt }: GrantRecord): number {
  return Math.max(...[createdAt, ...probes.map(({ at }) => at), sampledAt ?? createdAt].map(Date.parse));
}

export interface Idleness {
  readonly days: number;
  readonly since: string;
  /** An earlier audit has said so, in this spell of disuse. */
  readonly isAnnounced: boolean;
  readonly maySuspend: boolean;
}

/** Undefined while it is in use, or nobody wants to know. `startedAt`: of this audit, so that it does not act on its own announcement. */
export function idlenessOf(
  record: GrantRecord,
  roleLastUsedAt: string | undefined,
  rules: UnusedRules,
  at: { readonly now: number; readonly startedAt: number },
): Idleness | undefined {
  const usedAt = lastUseOf(record, roleLastUsedAt);
  const daysSeen = (at.now - lagMs - usedAt) / dayMs;
  const limit = Math.min(rules.warnDays ?? Infinity, rules.suspendDays ?? Infinity);
  if (daysSeen < limit) return undefined;
  const announcedAt = record.unusedSince ? Date.parse(record.unusedSince) : Infinity;
  const isAnnounced = announcedAt >= usedAt && announcedAt < at.startedAt;
  return {
    days: Math.floor((at.now - usedAt) / dayMs),
    since: new Date(usedAt).toISOString(),
    isAnnounced,
    maySuspend: isAnnounced && daysSeen >= (rules.suspendDays ?? Infinity),
  };
}
