/** What the history, and so the bus, is told when a grant is proven open or shut. Pure. */

import type { GrantRecord } from './grant.ts';

/** Another state is told of whatever was asked last: a request may have overtaken the one that asked for it. */
export function eventsOf(record: GrantRecord, status: 'active' | 'suspended'): string[] {
  const { operation = '' } = record.pending ?? {};
  const reached = record.status === 'provisioning' ? 'grant.activated' : `grant.${reachedBy[status]}`;
  const ofState = record.status === status ? [] : [reached];
  // A rotation whose new external id is taken over now has its own events.
  const ofOperation =
    operation === 'rotate' && record.externalIds.next
      ? []
      : [events[operation] ?? `grant.${status === 'active' ? 'proven_open' : 'proven_shut'}`];
  return [...new Set([...ofState, ...ofOperation])];
}

const events: Readonly<Record<string, string>> = {
  create: 'grant.activated',
  update: 'grant.updated',
  suspend: 'grant.suspended',
  resume: 'grant.resumed',
  repair: 'grant.repaired',
  rotate: 'grant.rotation_finished',
  'retire external id': 'grant.external_id_retired',
};

const reachedBy = { active: 'resumed', suspended: 'suspended' } as const;
