/** Lifecycle events on the EventBridge bus, made from the history. */

import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { GrantRecord } from './grant.ts';

/** EventBridge takes 10 entries at a time. */
const entriesMax = 10;

/** Throws when any entry was not taken; the caller tries again, so a consumer may see an event twice (its `id` is the same). */
export function connectAnnouncer(events: EventBridgeClient, busName: string) {
  return async (record: GrantRecord, entries: GrantRecord['history']): Promise<void> => {
    const first = record.events - entries.length;
    const all = entries.map((entry, index) => ({
      EventBusName: busName,
      Source: 'sharemaker',
      DetailType: entry.event,
      Time: new Date(entry.at),
      Resources: [record.role.arn, record.endpoint.arn],
      Detail: JSON.stringify({
        id: `${record.id}#${first + index + 1}`,
        grantId: record.id,
        childAccountId: record.child.accountId,
        endpointName: record.endpoint.name,
        status: record.status,
        by: entry.by,
        ...(entry.detail && { detail: entry.detail }),
      }),
    }));
    for (let from = 0; from < all.length; from += entriesMax) {
      const { FailedEntryCount } = await events.send(
        new PutEventsCommand({ Entries: all.slice(from, from + entriesMax) }),
      );
      if (FailedEntryCount) throw new Error(`EventBridge did not take ${FailedEntryCount} events.`);
    }
  };
}
