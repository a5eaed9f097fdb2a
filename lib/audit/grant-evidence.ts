/** A grant held against time, its role's place in the list of roles, and its endpoint. Pure, as role-evidence.ts. */

import { type GrantRecord, hasEnded, isSettled } from '../grant/grant.ts';
import { sessionSecondsMax } from '../grant/share-role.ts';
import type { ListedRole } from './inventory.ts';
import { type Evidence, isComparable } from './role-evidence.ts';

export interface HeldGrant {
  readonly record: GrantRecord;
  /** The share role, if IAM has one; looked up at `readAt`. */
  readonly listed: ListedRole | undefined;
  readonly readAt: number;
  /** What SageMaker says of the endpoint; undefined when it was not asked. */
  readonly endpoint?: { readonly isThere: false } | { readonly isThere: true; readonly createdAt: string };
  readonly now: number;
}

/** The minute schedule ends a grant at its date; this is many times its period. */
export const expiryGraceMs = 5 * 60_000;

/** IAM settles in seconds, at worst minutes. */
export const stuckAfterMs = 15 * 60_000;

/** Describe and List may tell the same time in different precision. */
const sameSecondMs = 1_000;

export function roleMissing({ record, listed, readAt }: HeldGrant): Evidence {
  if (listed || !isComparable(record, readAt) || hasEnded(record)) return undefined;
  return [`- role ${record.role.arn}`, 'IAM has no such role: the child is locked out.'];
}

export function sessionTooLong({ record, listed, readAt }: HeldGrant): Evidence {
  if (!listed || !isComparable(record, readAt) || listed.maxSessionSeconds <= sessionSecondsMax)
    return undefined;
  return [`- maximum session ${sessionSecondsMax} s`, `+ maximum session ${listed.maxSessionSeconds} s`];
}

export function expiredAlive({ record, now }: HeldGrant): Evidence {
  const lateMs = now - Date.parse(record.expiresAt);
  if (hasEnded(record) || lateMs < expiryGraceMs) return undefined;
  return [
    `Expired at ${record.expiresAt}, and is still ${record.status}.`,
    'IAM refuses its child since that date; what is missing is the proof and the removal of the role.',
    ...errorLine(record),
  ];
}

export function grantStuck(held: HeldGrant): Evidence {
  const { record, now } = held;
  const { pending } = record;
  if (isSettled(record) || !pending || expiredAlive(held)) return undefined;
  const waitedMs = now - Date.parse(pending.since);
  if (waitedMs < stuckAfterMs) return undefined;
  return [
    `"${pending.operation}" was asked for at ${pending.since}, ${minutes(waitedMs)} ago, and is not proven.`,
    ...errorLine(record),
  ];
}

export function endpointMissing({ record, endpoint }: HeldGrant): Evidence {
  if (hasEnded(record) || !endpoint || endpoint.isThere) return undefined;
  return [
    `- endpoint ${record.endpoint.name} in ${record.endpoint.region}`,
    'SageMaker has no such endpoint.',
  ];
}

export function endpointRecreated({ record, endpoint }: HeldGrant): Evidence {
  if (hasEnded(record) || !endpoint?.isThere) return undefined;
  const apartMs = Math.abs(Date.parse(endpoint.createdAt) - Date.parse(record.endpoint.createdAt));
  if (apartMs <= sameSecondMs) return undefined;
  return [
    `- endpoint ${record.endpoint.name} created at ${record.endpoint.createdAt}`,
    `+ endpoint ${record.endpoint.name} created at ${endpoint.createdAt}`,
    'The grant was made for the former endpoint; its child now reaches whatever model this one serves.',
  ];
}

function errorLine({ pending }: GrantRecord): string[] {
  return pending?.lastError ? [`Last error: ${pending.lastError}`] : [];
}

function minutes(ms: number): string {
  return ms < 120 * 60_000 ? `${Math.floor(ms / 60_000)} minutes` : `${Math.floor(ms / 3_600_000)} hours`;
}
