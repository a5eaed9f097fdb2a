/** Subscriptions in DynamoDB: one item each, its key the alias; the index `all` lists them. */

import { type AttributeMap, fromAttributes, toAttribute, toAttributes } from './attributes.ts';
import { type Dynamo, isConditionFailure } from './dynamodb.ts';
import type { SubscriptionRecord } from './subscription.ts';

export interface SubscriptionTable {
  readonly dynamo: Dynamo;
  readonly table: string;
}

const kind = 'subscription';

/** Strongly consistent. */
export async function readSubscription(
  table: SubscriptionTable,
  alias: string,
): Promise<SubscriptionRecord | undefined> {
  const item = await readItem(table, alias);
  return item && recordOf(item);
}

/** Of whatever kind: what is no subscription has a key that no alias is. Strongly consistent. */
export async function readItem(
  { dynamo, table }: SubscriptionTable,
  key: string,
): Promise<AttributeMap | undefined> {
  const { Item } = await dynamo('GetItem', {
    TableName: table,
    Key: { alias: toAttribute(key) },
    ConsistentRead: true,
  });
  return Item as AttributeMap | undefined;
}

/**
 * Writes version 1 only where there is nothing, and every later version only over the one before it.
 * False: somebody else was faster.
 */
export async function writeSubscription(
  { dynamo, table }: SubscriptionTable,
  record: SubscriptionRecord,
): Promise<boolean> {
  const isFirst = record.version === 1;
  return succeeds(
    dynamo('PutItem', {
      TableName: table,
      Item: toAttributes({ kind, ...record }),
      ConditionExpression: isFirst ? 'attribute_not_exists(alias)' : 'version = :before',
      ...(!isFirst && { ExpressionAttributeValues: { ':before': toAttribute(record.version - 1) } }),
    }),
  );
}

/** By alias, `limit` at a time, from behind `after`. */
export async function listSubscriptions(
  { dynamo, table }: SubscriptionTable,
  limit: number,
  after?: string,
): Promise<{ items: SubscriptionRecord[]; last?: string }> {
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
}

/** False: there was none. */
export async function removeSubscription(
  { dynamo, table }: SubscriptionTable,
  alias: string,
): Promise<boolean> {
  return succeeds(
    dynamo('DeleteItem', {
      TableName: table,
      Key: { alias: toAttribute(alias) },
      ConditionExpression: 'attribute_exists(alias)',
    }),
  );
}

/** What `writeSubscription` stored is what comes back; nothing else writes items under an alias. */
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
