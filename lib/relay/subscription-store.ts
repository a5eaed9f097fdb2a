/** Subscriptions in DynamoDB: one item each, its key the alias; the index `all` lists them. */

import { type AttributeMap, fromAttributes, toAttribute, toAttributes } from './attributes.ts';
import { type Dynamo, isConditionFailure } from './dynamodb.ts';
import type { SubscriptionRecord } from './subscription.ts';

export interface SubscriptionStore {
  /** Strongly consistent. */
  read(alias: string): Promise<SubscriptionRecord | undefined>;
  /**
   * Writes version 1 only where there is nothing, and every later version only over the one before it.
   * False: somebody else was faster.
   */
  write(record: SubscriptionRecord): Promise<boolean>;
  /** By alias, `limit` at a time, from behind `after`. */
  list(limit: number, after?: string): Promise<{ items: SubscriptionRecord[]; last?: string }>;
  /** False: there was none. */
  remove(alias: string): Promise<boolean>;
}

const kind = 'subscription';

export function createSubscriptionStore(dynamo: Dynamo, table: string): SubscriptionStore {
  return {
    async read(alias) {
      const { Item } = await dynamo('GetItem', {
        TableName: table,
        Key: { alias: toAttribute(alias) },
        ConsistentRead: true,
      });
      return Item === undefined ? undefined : recordOf(Item as AttributeMap);
    },

    async write(record) {
      const isFirst = record.version === 1;
      return succeeds(
        dynamo('PutItem', {
          TableName: table,
          Item: toAttributes({ kind, ...record }),
          ConditionExpression: isFirst ? 'attribute_not_exists(alias)' : 'version = :before',
          ...(!isFirst && { ExpressionAttributeValues: { ':before': toAttribute(record.version - 1) } }),
        }),
      );
    },

    async list(limit, after) {
      const { Items, LastEvaluatedKey } = await dynamo('Query', {
        TableName: table,
        IndexName: 'all',
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: { ':kind': toAttribute(kind) },
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: toAttributes({ kind, alias: after }) }),
      });
      const items = (Items as AttributeMap[]).map(recordOf);
      const last = LastEvaluatedKey && fromAttributes(LastEvaluatedKey as AttributeMap)['alias'];
      return { items, ...(typeof last === 'string' && { last }) };
    },

    async remove(alias) {
      return succeeds(
        dynamo('DeleteItem', {
          TableName: table,
          Key: { alias: toAttribute(alias) },
          ConditionExpression: 'attribute_exists(alias)',
        }),
      );
    },
  };
}

/** What `write` stored is what comes back; nothing else writes items under an alias. */
function recordOf(item: AttributeMap): SubscriptionRecord {
  const { kind: _kind, ...record } = fromAttributes(item);
  return record as unknown as SubscriptionRecord;
}

async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
