/**
 * At most so many invocations of one grant at a time, over all environments of this Lambda: each handles one event
 * at a time, so a counter in memory would count to one. Slots are the members of a string set in the subscriptions
 * table, each good for as long as its invocation can last, so that an environment that dies frees its slot by itself.
 * Costs two writes per invocation, and only for grants whose offer sets a cap. A write costs by the size of the set,
 * so a slot's name is short.
 */

import { type Dynamo, isConditionFailure } from './dynamodb.ts';
import { readItem } from './subscription-store.ts';

export interface Slots {
  /** @param untilMs epoch milliseconds after which the slot counts as abandoned */
  take(grantId: string, limit: number, untilMs: number): Slot;
}

export interface Slot {
  /** False: all are taken. Rejects with AwsError or HttpFailure, and then the slot may be taken all the same. */
  readonly isTaken: Promise<boolean>;
  /** Frees the slot, if it may be taken. Throws AwsError or HttpFailure. */
  release(): Promise<void>;
}

/** A set is not there when it is empty. */
interface Counter {
  readonly slots?: { readonly SS: readonly string[] };
}

export function createSlots(options: {
  readonly dynamo: Dynamo;
  readonly table: string;
  readonly now: () => number;
  readonly newId: () => string;
}): Slots {
  const { dynamo, table, now, newId } = options;

  // No alias holds a `#`, and the item has no `kind`, so it is in nobody's way.
  const keyOf = (grantId: string) => `slots#${grantId}`;
  const itemOf = (grantId: string) => ({ TableName: table, Key: { alias: { S: keyOf(grantId) } } });

  const add = (grantId: string, slot: string, limit: number) =>
    dynamo('UpdateItem', {
      ...itemOf(grantId),
      UpdateExpression: 'ADD slots :slots',
      // A repetition whose first reply was lost finds its own slot.
      ConditionExpression: 'attribute_not_exists(slots) OR size(slots) < :limit OR contains(slots, :slot)',
      ExpressionAttributeValues: {
        ':slots': { SS: [slot] },
        ':slot': { S: slot },
        ':limit': { N: String(limit) },
      },
    });

  const remove = (grantId: string, slots: readonly string[]) =>
    dynamo('UpdateItem', {
      ...itemOf(grantId),
      UpdateExpression: 'DELETE slots :slots',
      ExpressionAttributeValues: { ':slots': { SS: slots } },
    });

  /** Whether there were any. */
  const removeAbandoned = async (grantId: string): Promise<boolean> => {
    const item = (await readItem({ dynamo, table }, keyOf(grantId))) as Counter | undefined;
    const abandoned = item?.slots?.SS.filter((slot) => Number.parseInt(slot, 10) * 1000 < now()) ?? [];
    if (abandoned.length === 0) return false;
    await remove(grantId, abandoned);
    return true;
  };

  return {
    take(grantId, limit, untilMs) {
      const slot = `${Math.ceil(untilMs / 1000)}.${newId().slice(0, 8)}`;
      let mayBeTaken = true;
      const take = async (mayClear: boolean): Promise<boolean> => {
        try {
          await add(grantId, slot, limit);
          return true;
        } catch (error) {
          if (!isConditionFailure(error)) throw error;
          if (mayClear && (await removeAbandoned(grantId))) return take(false);
          mayBeTaken = false;
          return false;
        }
      };
      return {
        isTaken: take(true),
        async release() {
          if (mayBeTaken) await remove(grantId, [slot]);
        },
      };
    },
  };
}
