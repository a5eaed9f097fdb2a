/** A grant as DynamoDB holds it. Pure. */

import { dueAt, dueShardOf, type GrantRecord } from './grant.ts';

/** The item: the record, what the indexes need, and the lease of whoever is moving it. */
export interface GrantItem extends GrantRecord {
  readonly kind: 'grant';
  readonly childAccountId: string;
  readonly endpointName: string;
  readonly dueShard?: DueShard;
  readonly dueAt?: number;
  readonly leaseHolder?: string;
  /** Epoch milliseconds. */
  readonly leaseUntil?: number;
}

export type DueShard = ReturnType<typeof dueShardOf>;

export interface Lease {
  readonly holder: string;
  readonly until: number;
}

export interface StoredGrant {
  readonly record: GrantRecord;
  readonly lease?: Lease;
}

export function toItem(record: GrantRecord, lease: Lease | undefined): GrantItem {
  const due = dueAt(record);
  return {
    ...record,
    kind: 'grant',
    childAccountId: record.child.accountId,
    endpointName: record.endpoint.name,
    ...(due !== undefined && { dueShard: dueShardOf(record), dueAt: due }),
    ...(lease && { leaseHolder: lease.holder, leaseUntil: lease.until }),
  };
}

export function fromItem({
  kind: _k,
  childAccountId: _c,
  endpointName: _e,
  dueShard: _s,
  dueAt: _d,
  leaseHolder,
  leaseUntil,
  ...record
}: GrantItem): StoredGrant {
  return {
    record,
    ...(leaseHolder !== undefined && { lease: { holder: leaseHolder, until: leaseUntil ?? 0 } }),
  };
}
