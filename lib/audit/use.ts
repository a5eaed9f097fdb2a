/** Since when a grant lies unused. Pure. */

import type { GrantRecord } from '../grant/grant.ts';

const dayMs = 86_400_000;

/** IAM's "last used" of a role counts Sharemaker's own probes too; what lies this close behind one is taken for it. */
const probeWindowMs = 15 * 60_000;

export interface UnusedRules {
  /** Undefined: never. */
  readonly warnDays?: number;
  readonly suspendDays?: number;
}

/**
 * Epoch milliseconds of the child's last use. Never earlier than it can have been: where Sharemaker's own probes hide
 * it, the grant counts as used when it was created or last changed, or when an audit saw it before its sample.
 */
export function lastUseOf(record: GrantRecord, roleLastUsedAt: string | undefined): number {
  const proofs = record.probes.map(({ at }) => Date.parse(at));
  const changed = Math.max(Date.parse(record.createdAt), ...proofs);
  const sampledAt = record.sampled ? Date.parse(record.sampled.at) : 0;
  const seen = roleLastUsedAt ? Date.parse(roleLastUsedAt) : 0;
  const isOwn = seen <= Math.max(changed, sampledAt) + probeWindowMs;
  const before = record.sampled ? Date.parse(record.sampled.usedAt) : 0;
  return Math.max(changed, isOwn ? before : seen);
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
  const days = (at.now - usedAt) / dayMs;
  const limit = Math.min(rules.warnDays ?? Infinity, rules.suspendDays ?? Infinity);
  if (days < limit) return undefined;
  const announcedAt = record.unusedSince ? Date.parse(record.unusedSince) : Infinity;
  const isAnnounced = announcedAt >= usedAt && announcedAt < at.startedAt;
  return {
    days: Math.floor(days),
    since: new Date(usedAt).toISOString(),
    isAnnounced,
    maySuspend: isAnnounced && days >= (rules.suspendDays ?? Infinity),
  };
}
