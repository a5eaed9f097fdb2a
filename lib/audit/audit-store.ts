/**
 * Audits in DynamoDB. Items of one audit: `summary` (the record), `findings#00001` … (chunks of findings).
 * Under the id `current`: `lease`, which audit is unfinished and who is at it (there is never more than one), and `told`, what
 * alerts have told.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Problem } from '../contract/problems.ts';
import type { PageKey } from '../grant/grant-store.ts';
import { timeOfId } from '../grant/ids.ts';
import type { Told } from './alerts.ts';
import type { AuditRecord } from './audit-record.ts';
import type { Found } from './findings.ts';

export interface AuditStore {
  /**
   * Takes or renews the right to work on audits, naming the audit when it begins. Undefined: somebody else has the right.
   * Answers the unfinished audit, if any.
   */
  take(
    holder: string,
    now: number,
    until: number,
    auditId?: string,
  ): Promise<{ readonly auditId?: string } | undefined>;
  /** Gives the right back; the audit stays the unfinished one unless it is over. Nothing when somebody else has the right. */
  release(holder: string, isOver: boolean): Promise<void>;
  /** The unfinished audit. */
  current(): Promise<string | undefined>;
  put(record: AuditRecord): Promise<void>;
  get(id: string): Promise<AuditRecord | undefined>;
  /** Throws Problem `audit.not_found`. */
  require(id: string): Promise<AuditRecord>;
  /** Chunks are numbered from 0. */
  putChunk(id: string, number: number, found: readonly Found[]): Promise<void>;
  getChunk(id: string, number: number): Promise<Found[]>;
  told(): Promise<Told>;
  putTold(told: Told): Promise<void>;
  /** Newest first. */
  list(limit: number, from?: PageKey): Promise<{ records: AuditRecord[]; next?: PageKey }>;
}

/** Written down under the id of no audit. */
const currentKey = { id: 'current', part: 'lease' } as const;
const toldKey = { id: 'current', part: 'told' } as const;

export function connectAuditStore(dynamo: DynamoDBDocumentClient, table: string): AuditStore {
  const readPart = async (id: string, part: string): Promise<Record<string, unknown> | undefined> => {
    const { Items } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'id = :id AND part = :part',
        ExpressionAttributeValues: { ':id': id, ':part': part },
        ConsistentRead: true,
      }),
    );
    return Items?.[0];
  };

  const get = async (id: string) => {
    const item = await readPart(id, 'summary');
    return item && fromItem(item as unknown as SummaryItem);
  };

  return {
    get,

    async take(holder, now, until, auditId) {
      const isFree = '(attribute_not_exists(holder) OR holder = :holder OR heldUntil < :now)';
      try {
        const { Attributes } = await dynamo.send(
          new UpdateCommand({
            TableName: table,
            Key: currentKey,
            UpdateExpression: `SET holder = :holder, heldUntil = :until${auditId ? ', auditId = :auditId' : ''}`,
            ConditionExpression: isFree,
            ExpressionAttributeValues: {
              ':holder': holder,
              ':until': until,
              ':now': now,
              ...(auditId && { ':auditId': auditId }),
            },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return typeof Attributes?.auditId === 'string' ? { auditId: Attributes.auditId } : {};
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },

    async release(holder, isOver) {
      try {
        await dynamo.send(
          new UpdateCommand({
            TableName: table,
            Key: currentKey,
            UpdateExpression: `REMOVE holder, heldUntil${isOver ? ', auditId' : ''}`,
            ConditionExpression: 'holder = :holder',
            ExpressionAttributeValues: { ':holder': holder },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async current() {
      const item = await readPart(currentKey.id, currentKey.part);
      return typeof item?.auditId === 'string' ? item.auditId : undefined;
    },

    async put(record) {
      const Item: SummaryItem = { ...record, part: 'summary', kind: 'audit', ttl: forgottenAt(record.id) };
      await dynamo.send(new PutCommand({ TableName: table, Item }));
    },

    async require(id) {
      const found = await get(id);
      if (!found) throw new Problem('audit.not_found', `There is no audit ${id}.`);
      return found;
    },

    async putChunk(id, number, found) {
      await dynamo.send(
        new PutCommand({
          TableName: table,
          Item: { id, part: chunkPart(number), found, ttl: forgottenAt(id) },
        }),
      );
    },

    async getChunk(id, number) {
      const item = await readPart(id, chunkPart(number));
      return (item?.found ?? []) as Found[];
    },

    async told() {
      const item = await readPart(toldKey.id, toldKey.part);
      return (item?.told ?? {}) as Told;
    },

    async putTold(told) {
      await dynamo.send(new PutCommand({ TableName: table, Item: { ...toldKey, told } }));
    },

    async list(limit, from) {
      const page = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'all',
          KeyConditionExpression: 'kind = :kind',
          ExpressionAttributeValues: { ':kind': 'audit' },
          // Ids begin with their time.
          ScanIndexForward: false,
          Limit: limit,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      const records = (page.Items ?? []).map((item) => fromItem(item as unknown as SummaryItem));
      return { records, ...(page.LastEvaluatedKey && { next: page.LastEvaluatedKey as PageKey }) };
    },
  };
}

/** DynamoDB forgets an audit when it is older than what IAM remembers of a role. */
const keptSeconds = 400 * 86_400;

/** Epoch seconds. Ids begin with the time at which their audit began. */
function forgottenAt(id: string): number {
  return Math.floor(timeOfId(id) / 1000) + keptSeconds;
}

interface SummaryItem extends AuditRecord {
  readonly part: 'summary';
  readonly kind: 'audit';
  readonly ttl: number;
}

function fromItem({ part: _part, kind: _kind, ttl: _ttl, ...record }: SummaryItem): AuditRecord {
  return record;
}

function chunkPart(number: number): string {
  return `findings#${String(number + 1).padStart(5, '0')}`;
}
