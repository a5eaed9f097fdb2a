/** Grants in DynamoDB: one item each, every write conditional on the version that was read. */

import { isDeepStrictEqual } from 'node:util';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandOutput,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { ListGrantsQuery } from '../contract/grant.ts';
import { Problem } from '../contract/problems.ts';
import { dueAt, dueShardOf, type GrantRecord, isSettled } from './grant.ts';
import {
  type DueShard,
  fromItem,
  type GrantItem,
  type Lease,
  type StoredGrant,
  toItem,
} from './grant-item.ts';

/** DynamoDB: BatchGetItem takes 100 keys. */
const batchMax = 100;

const duePageMax = 100;

export type PageKey = Readonly<Record<string, string | number>>;

export interface GrantStore {
  /** False when the id exists already. */
  create(record: GrantRecord, lease: Lease): Promise<boolean>;
  get(id: string): Promise<StoredGrant | undefined>;
  /** Throws Problem `grant.not_found`. */
  require(id: string): Promise<StoredGrant>;
  /** Those of the ids that exist, as they are now. */
  getMany(ids: readonly string[]): Promise<GrantRecord[]>;
  /** Stores the next version and answers it; undefined when somebody else stored one, or took or renewed the lease, meanwhile. */
  put(next: GrantRecord, before: StoredGrant): Promise<StoredGrant | undefined>;
  /** Takes or renews the lease of exactly this version; false when it has changed or somebody else holds it. */
  lease(record: GrantRecord, lease: Lease, now: number): Promise<boolean>;
  /** Notes what callers' ETags do not count (announced, pending, when it is due), and gives the lease back; false, and nothing, where there is a new version or the lease is lost. */
  amend(record: GrantRecord, lease: Lease): Promise<boolean>;
  /** Notes when an audit probed it; nobody else writes that, and no version counts it. */
  noteSample(id: string, sampledAt: string): Promise<void>;
  list(query: ListGrantsQuery, from?: PageKey): Promise<{ records: GrantRecord[]; next?: PageKey }>;
  /** Ids of grants of a shard that want to be looked at, the longest waiting first, a page at a time. */
  due(shard: DueShard, now: number, from?: PageKey): Promise<{ ids: string[]; next?: PageKey }>;
  countLive(endpointName: string): Promise<number>;
}

export function connectGrantStore(dynamo: DynamoDBDocumentClient, table: string): GrantStore {
  const get = async (id: string): Promise<StoredGrant | undefined> => {
    const { Item } = await dynamo.send(
      new GetCommand({ TableName: table, Key: { id }, ConsistentRead: true }),
    );
    return Item && fromItem(Item as GrantItem);
  };

  /** A write whose answer was lost is refused when it is repeated: what stands there is its own work. */
  const isStoredAlready = async (record: GrantRecord): Promise<boolean> => {
    const found = await get(record.id);
    return isDeepStrictEqual(found?.record, JSON.parse(JSON.stringify(record)));
  };

  return {
    get,

    async require(id) {
      const found = await get(id);
      if (!found) throw new Problem('grant.not_found', `There is no grant ${id}.`);
      return found;
    },

    async getMany(ids) {
      const records: GrantRecord[] = [];
      for (let from = 0; from < ids.length; from += batchMax) {
        let keys: Record<string, unknown>[] | undefined = ids
          .slice(from, from + batchMax)
          .map((id) => ({ id }));
        while (keys?.length) {
          const { Responses, UnprocessedKeys }: BatchGetCommandOutput = await dynamo.send(
            new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
          );
          records.push(...(Responses?.[table] ?? []).map((item) => fromItem(item as GrantItem).record));
          keys = UnprocessedKeys?.[table]?.Keys;
        }
      }
      return records;
    },

    create(record, lease) {
      return unlessRefused(
        dynamo.send(
          new PutCommand({
            TableName: table,
            Item: toItem(record, lease),
            ConditionExpression: 'attribute_not_exists(id)',
          }),
        ),
      );
    },

    async put(next, before) {
      const isSameVersion = 'version = :version';
      // A lease that was renewed meanwhile is not ours to write back as it was: it would end while its holder's call is under way.
      const isSameLease = before.lease
        ? 'leaseHolder = :holder AND leaseUntil = :until'
        : 'attribute_not_exists(leaseHolder)';
      const record = { ...next, version: before.record.version + 1 };
      // What is settled needs nobody to hold it.
      const lease = isSettled(record) ? undefined : before.lease;
      const isStored = await unlessRefused(
        dynamo.send(
          new PutCommand({
            TableName: table,
            Item: toItem(record, lease),
            ConditionExpression: `${isSameVersion} AND ${isSameLease}`,
            ExpressionAttributeValues: {
              ':version': before.record.version,
              ...(before.lease && { ':holder': before.lease.holder, ':until': before.lease.until }),
            },
          }),
        ),
      );
      const isOurs = isStored || (await isStoredAlready(record));
      return isOurs ? { record, ...(lease && { lease }) } : undefined;
    },

    lease(record, lease, now) {
      const isSameVersion = 'version = :version';
      const isFree = '(attribute_not_exists(leaseHolder) OR leaseHolder = :holder OR leaseUntil < :now)';
      return unlessRefused(
        dynamo.send(
          new UpdateCommand({
            TableName: table,
            Key: { id: record.id },
            UpdateExpression: 'SET leaseHolder = :holder, leaseUntil = :until',
            ConditionExpression: `${isSameVersion} AND ${isFree}`,
            ExpressionAttributeValues: {
              ':version': record.version,
              ':holder': lease.holder,
              ':until': lease.until,
              ':now': now,
            },
          }),
        ),
      );
    },

    async amend(record, lease) {
      const due = dueAt(record);
      const sets = {
        announced: record.announced,
        ...(record.announceAt && { announceAt: record.announceAt }),
        ...(record.pending && { pending: record.pending }),
        ...(due !== undefined && { dueShard: dueShardOf(record), dueAt: due }),
      };
      const removes = ['leaseHolder', 'leaseUntil', ...(due === undefined ? ['dueShard', 'dueAt'] : [])];
      return unlessRefused(
        dynamo.send(
          new UpdateCommand({
            TableName: table,
            Key: { id: record.id },
            UpdateExpression: `SET ${Object.keys(sets)
              .map((name) => `#${name} = :${name}`)
              .join(', ')} REMOVE ${removes.join(', ')}`,
            ConditionExpression: 'version = :version AND leaseHolder = :holder',
            ExpressionAttributeNames: Object.fromEntries(Object.keys(sets).map((name) => [`#${name}`, name])),
            ExpressionAttributeValues: {
              ...Object.fromEntries(Object.entries(sets).map(([name, value]) => [`:${name}`, value])),
              ':version': record.version,
              ':holder': lease.holder,
            },
          }),
        ),
      );
    },

    async noteSample(id, sampledAt) {
      await unlessRefused(
        dynamo.send(
          new UpdateCommand({
            TableName: table,
            Key: { id },
            UpdateExpression: 'SET sampledAt = :sampledAt',
            ConditionExpression: 'attribute_exists(id)',
            ExpressionAttributeValues: { ':sampledAt': sampledAt },
          }),
        ),
      );
    },

    async list(query, from) {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          ...listParams(query),
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      const records = (page.Items ?? []).map((item) => fromItem(item as GrantItem).record);
      return { records, ...(page.LastEvaluatedKey && { next: page.LastEvaluatedKey as PageKey }) };
    },

    async due(shard, now, from) {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
          ExpressionAttributeValues: { ':shard': shard, ':now': now },
          Limit: duePageMax,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      return {
        ids: (page.Items ?? []).map((item) => String(item['id'])),
        ...(page.LastEvaluatedKey && { next: page.LastEvaluatedKey as PageKey }),
      };
    },

    async countLive(endpointName) {
      let count = 0;
      let from: PageKey | undefined;
      do {
        const page = await dynamo.send(
          new QueryCommand({
            TableName: table,
            IndexName: 'byEndpoint',
            KeyConditionExpression: 'endpointName = :name',
            FilterExpression: 'NOT #status IN (:revoked, :expired, :failed)',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':name': endpointName,
              ':revoked': 'revoked',
              ':expired': 'expired',
              ':failed': 'failed',
            },
            Select: 'COUNT',
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        count += page.Count ?? 0;
        from = page.LastEvaluatedKey as PageKey | undefined;
      } while (from);
      return count;
    },
  };
}

/** The narrowest index for the query; what it does not cover is filtered. */
function listParams(query: ListGrantsQuery): Omit<QueryCommandInput, 'TableName'> {
  const wanted = {
    childAccountId: query.childAccountId,
    endpointName: query.endpointName,
    status: query.status,
  };
  const indexes = [
    { IndexName: 'byChild', attribute: 'childAccountId' },
    { IndexName: 'byEndpoint', attribute: 'endpointName' },
    { IndexName: 'byStatus', attribute: 'status' },
  ] as const;
  const index = indexes.find(({ attribute }) => wanted[attribute] !== undefined);
  const filters = indexes.filter(
    ({ attribute }) => attribute !== index?.attribute && wanted[attribute] !== undefined,
  );
  const used = index ? [index, ...filters] : [];
  return {
    IndexName: index?.IndexName ?? 'all',
    KeyConditionExpression: index ? `#${index.attribute} = :${index.attribute}` : '#kind = :kind',
    ...(filters.length > 0 && {
      FilterExpression: filters.map(({ attribute }) => `#${attribute} = :${attribute}`).join(' AND '),
    }),
    ExpressionAttributeNames: index
      ? Object.fromEntries(used.map(({ attribute }) => [`#${attribute}`, attribute]))
      : { '#kind': 'kind' },
    ExpressionAttributeValues: index
      ? Object.fromEntries(used.map(({ attribute }) => [`:${attribute}`, wanted[attribute]]))
      : { ':kind': 'grant' },
    ScanIndexForward: false,
    Limit: query.limit,
  };
}

async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
