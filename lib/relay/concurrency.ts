/**
 * At most so many invocations of one grant at a time, over all environments of this Lambda: each handles one event
 * at a time, so a counter in memory would count to one. Slots are the members of a string set in the subscriptions
 * table, each good for as long as its invocation can last, so that an environment that dies frees its slot by itself.
 * Costs two writes per invocation, and only for grants whose offer sets a cap.
 */

import { type Dynamo, isConditionFailure } from './dynamodb.ts';

export interface Slots {
  /** A function that frees the slot; undefined when all are taken. Throws AwsError or HttpFailure. */
  take(grantId: string, limit: number, untilMs: number): Promise<(() => Promise<void>) | undefined>;
}

export function createSlots(options: {
  readonly dynamo: Dynamo;
  readonly table: string;
  readonly now: () => number;
  readonly newId: () => string;
}): Slots {
  const { dynamo, table, now, newId } = options;

  // No alias holds a `#`, and the item has no `kind`, so it is in nobody's way.
  const itemOf = (grantId: string) => ({ TableName: table, Key: { alias: { S: `slots#${grantId}` } } });

  const change = (grantId: string, expression: 'ADD' | 'DELETE', slots: readonly string[], limit?: number) =>
    dynamo('UpdateItem', {
      ...itemOf(grantId),
      UpdateExpression: `${expression} slots :slots`,
      ExpressionAttributeValues: {
        ':slots': { SS: slots },
        ...(limit !== undefined && { ':limit': { N: String(limit) } }),
      },
      ...(limit !== undefined && {
        ConditionExpression: 'attribute_not_exists(slots) OR size(slots) < :limit',
      }),
    });

  const abandonedSlots = async (grantId: string): Promise<readonly string[]> => {
    const { Item } = await dynamo('GetItem', { ...itemOf(grantId), ConsistentRead: true });
    const { slots } = (Item ?? {}) as { slots?: { SS: readonly string[] } };
    return (slots?.SS ?? []).filter((slot) => endOf(slot) < now());
  };

  return {
    async take(grantId, limit, untilMs) {
      const slot = `${Math.ceil(untilMs / 1000)}.${newId()}`;
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        try {
          await change(grantId, 'ADD', [slot], limit);
          return async () => {
            await change(grantId, 'DELETE', [slot]);
          };
        } catch (error) {
          if (!isConditionFailure(error)) throw error;
          const abandoned = await abandonedSlots(grantId);
          if (abandoned.length === 0) return undefined;
          await change(grantId, 'DELETE', abandoned);
        }
      }
      return undefined;
    },
  };
}

function endOf(slot: string): number {
  return Number.parseInt(slot, 10) * 1000;
}
