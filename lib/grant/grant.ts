/** The record of a grant: what was asked for, what has been proven, and how both read from outside. Pure. */

import type { Mode } from '../contract/fields.ts';
import type { Grant, GrantStatus, ProbeResult, Receipt } from '../contract/grant.ts';
import type { Offer } from '../contract/offer.ts';

/** What a grant is being moved towards. `failed` and `expired` are never asked for by a caller. */
export type Goal = 'active' | 'suspended' | 'revoked' | 'expired' | 'failed';

/** Two names, so that a changed policy can stand beside the old one until it is probed. */
export type PolicySlot = 'invoke' | 'invoke-next';

export interface GrantRecord {
  readonly id: string;
  /** Counts transitions; every write is conditional on it. */
  readonly version: number;
  readonly endpoint: {
    readonly name: string;
    readonly region: string;
    readonly arn: string;
    readonly createdAt: string;
  };
  readonly child: Grant['child'];
  readonly modes: readonly Mode[];
  readonly targets?: Grant['targets'];
  readonly conditions?: Grant['conditions'];
  readonly limits?: Grant['limits'];
  readonly recordCaller?: boolean;
  readonly async?: Offer['async'];
  readonly expiresAt: string;
  readonly note?: string;

  readonly status: GrantStatus;
  readonly goal: Goal;
  /** Raised by every accepted change of the goal or of what the role's documents say. */
  readonly generation: number;
  /** The generation that IAM was last proven to hold. */
  readonly provenGeneration: number;
  /** The generation that was proven to open, while what was before is still being taken away. */
  readonly openedGeneration?: number;
  readonly pending?: {
    readonly operation: string;
    readonly since: string;
    readonly by: string;
    readonly lastError?: string;
    readonly retryAt?: string;
  };

  readonly role: { readonly name: string; readonly arn: string; readonly id?: string };
  readonly externalIds: {
    readonly current: string;
    /** Made by a rotation, not offered to the child before it is proven. */
    readonly next?: { readonly value: string; readonly graceSeconds: number };
    readonly previous?: { readonly value: string; readonly validUntil: string };
    /** Out of their grace period; to be proven dead. */
    readonly retired?: readonly string[];
  };
  /** A deny policy was put, or may have been. */
  readonly isDenied?: boolean;
  /** What the role was last proven to let through, and the documents that do. */
  readonly proven?: { readonly terms: Terms; readonly slot: PolicySlot; readonly mark: string };

  readonly warnings: Grant['warnings'];
  readonly probes: readonly ProbeResult[];
  /** What was seen of the end so far, until the receipt says it. */
  readonly closing?: Closing;
  readonly receipt?: Receipt;
  readonly failure?: { readonly code: string; readonly detail: string };
  /** Of the body that created it: the same Idempotency-Key with another body is refused. */
  readonly bodyHash?: string;
  /** When an audit first said that it is unused. */
  readonly unusedSince?: string;
  /** When an audit last probed it, which IAM counts as a use. */
  readonly sampledAt?: string;

  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly history: Grant['history'];
  /** History entries up to here were published as events. */
  readonly announced: number;
  /** The event bus did not take the last ones. */
  readonly announceAt?: string;
  /** Counts history entries ever made; the list itself is bounded. */
  readonly events: number;
}

/** The makings of a receipt: an end may need several attempts. */
export type Closing = Pick<Receipt, 'askedAt' | 'lastAllowedAt'>;

export const historyEntriesMax = 50;

/** What an update may change of what the child gets. */
export type Terms = Pick<GrantRecord, 'modes' | 'targets' | 'conditions' | 'async' | 'expiresAt'>;

export function termsOf({ modes, targets, conditions, async, expiresAt }: Terms): Terms {
  return {
    modes,
    ...(targets && { targets }),
    ...(conditions && { conditions }),
    ...(async && { async }),
    expiresAt,
  };
}

/** What the trust and permission documents depend on. */
export type Share = Pick<GrantRecord, 'id' | 'endpoint' | 'child' | 'recordCaller' | 'externalIds'> & Terms;

export const endedStatuses: readonly GrantStatus[] = ['revoked', 'expired', 'failed'];

export function hasEnded(record: Pick<GrantRecord, 'status'>): boolean {
  return endedStatuses.includes(record.status);
}

/** For its child, whatever has been written down so far. */
export function isOver(record: Pick<GrantRecord, 'status' | 'expiresAt'>, now: number): boolean {
  return hasEnded(record) || record.status === 'revoking' || now >= Date.parse(record.expiresAt);
}

export function isSettled(record: Pick<GrantRecord, 'status' | 'generation' | 'provenGeneration'>): boolean {
  return hasEnded(record) || record.generation === record.provenGeneration;
}

/** Epoch milliseconds at which the grant wants to be looked at again; undefined when never. */
export function dueAt(record: GrantRecord): number | undefined {
  const { pending } = record;
  if (!isSettled(record)) return Date.parse(pending?.retryAt ?? pending?.since ?? record.updatedAt);
  const { previous } = record.externalIds;
  const at = [
    record.announced < record.events ? (record.announceAt ?? record.updatedAt) : undefined,
    ...(hasEnded(record) ? [] : [record.expiresAt, previous?.validUntil]),
  ].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
  return at.length > 0 ? Math.min(...at) : undefined;
}

/** Access that is to be shut comes before whatever else is due. */
export function dueShardOf(record: Pick<GrantRecord, 'goal' | 'status' | 'generation' | 'provenGeneration'>) {
  const isToBeShut = record.goal === 'revoked' || record.goal === 'suspended';
  return isToBeShut && !isSettled(record) ? 'shut' : 'due';
}

/** How the parent's callers see it. */
export function publicGrant(record: GrantRecord): Grant {
  const { previous } = record.externalIds;
  const { arn, name, region } = record.endpoint;
  return {
    id: record.id,
    endpoint: { name, region, arn },
    child: record.child,
    modes: [...record.modes],
    ...(record.targets && { targets: record.targets }),
    ...(record.conditions && { conditions: record.conditions }),
    ...(record.limits && { limits: record.limits }),
    ...(record.recordCaller && { recordCaller: true }),
    expiresAt: record.expiresAt,
    ...(record.note !== undefined && { note: record.note }),
    status: record.status,
    ...(record.pending && !hasEnded(record) && { pending: publicPending(record.pending) }),
    role: { arn: record.role.arn, ...(record.role.id && { id: record.role.id }) },
    externalId: record.externalIds.current,
    ...(previous && { previousExternalId: previous }),
    warnings: record.warnings,
    probes: [...record.probes],
    ...(record.receipt && { receipt: record.receipt }),
    ...(record.failure && { failure: record.failure }),
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    updatedAt: record.updatedAt,
    version: record.version,
    history: record.history,
  };
}

function publicPending({
  operation,
  since,
  lastError,
}: NonNullable<GrantRecord['pending']>): Grant['pending'] {
  return { operation, since, ...(lastError && { lastError }) };
}

/** How its child sees it: what was proven, and not what is still being brought about. */
export function offerOf(record: GrantRecord, offerUrl: string): Offer {
  const terms = record.proven?.terms ?? record;
  return {
    version: 1,
    grantId: record.id,
    roleArn: record.role.arn,
    externalId: record.externalIds.current,
    childAccountId: record.child.accountId,
    endpoint: { name: record.endpoint.name, region: record.endpoint.region },
    modes: [...terms.modes],
    ...(terms.targets && { targets: terms.targets }),
    ...(terms.async && { async: terms.async }),
    expiresAt: terms.expiresAt,
    ...(record.limits && { limits: record.limits }),
    ...(record.recordCaller && { recordCaller: true }),
    offerUrl,
  };
}

/** The ETag of what callers see (RFC 9110 §8.8.3). */
export function etagOf(record: Pick<GrantRecord, 'version'>): string {
  return `"${record.version}"`;
}
