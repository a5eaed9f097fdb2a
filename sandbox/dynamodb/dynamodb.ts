/** DynamoDB of all accounts and regions: IAM asked here, the tables kept by dynalite, one per account and region. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { AwsFault } from '../aws-fault.ts';
import { jsonAnswer, jsonError, jsonTarget, parseJsonBody } from '../aws-json.ts';
import type { Authorize, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import { accessOf } from './access.ts';
import { createEngine, type Engine } from './engine.ts';
import { createTimeToLive, type TimeToLive } from './time-to-live.ts';

export interface DynamoDb {
  readonly service: Service;
  /** Creates the table and waits until it is ACTIVE. Takes CreateTable's members, or those of AWS::DynamoDB::Table. */
  createTable(accountId: string, region: string, definition: TableDefinition): Promise<void>;
  close(): void;
}

interface TableDefinition {
  readonly TableName: string;
  readonly KeySchema: readonly object[];
  readonly AttributeDefinitions: readonly object[];
  readonly BillingMode?: string;
  readonly GlobalSecondaryIndexes?: readonly object[];
  readonly LocalSecondaryIndexes?: readonly object[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

interface Place {
  readonly engine: Engine;
  readonly timeToLive: TimeToLive;
}

export function createDynamoDb({ authorize }: { readonly authorize: Authorize }): DynamoDb {
  const places = new Map<string, Place>();
  const placeOf = (accountId: string, region: string): Place => {
    const key = `${accountId}/${region}`;
    const place = places.get(key) ?? {
      engine: createEngine(accountId, region),
      timeToLive: createTimeToLive(),
    };
    places.set(key, place);
    return place;
  };
  return {
    service: {
      scopes: ['dynamodb'],
      operationOf: ({ headers }) => jsonTarget(headers, targetPrefix),
      async handle(request) {
        try {
          return await answer(request, authorize, placeOf(request.caller.accountId, request.region));
        } catch (error) {
          if (error instanceof AwsFault) return jsonError(error, request.id, contentType);
          throw error;
        }
      },
      error: (error, requestId) => jsonError(error, requestId, contentType),
    },
    async createTable(accountId, region, definition) {
      const { TimeToLiveSpecification: ttl, ...table } = definition;
      const { engine, timeToLive } = placeOf(accountId, region);
      const created = await engine.call('CreateTable', JSON.stringify(pick(table, createTableMembers)));
      if (created.status !== 200) throw new Error(`CreateTable ${table.TableName}: ${created.body}`);
      await untilActive(engine, table.TableName);
      if (ttl?.Enabled) timeToLive.update(table.TableName, ttl);
    },
    close: () => places.clear(),
  };
}

const targetPrefix = 'DynamoDB_20120810';
const contentType = 'application/x-amz-json-1.0';

const createTableMembers = [
  'TableName',
  'KeySchema',
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
  'ProvisionedThroughput',
];

async function answer(
  request: ServiceRequest,
  authorize: Authorize,
  { engine, timeToLive }: Place,
): Promise<ServiceResponse> {
  const operation = jsonTarget(request.headers, targetPrefix) ?? '';
  const input = parseJsonBody(request.body);
  if (operation.startsWith('Transact'))
    throw new AwsFault('ValidationException', 400, 'The sandbox does not have DynamoDB transactions.');
  const access = accessOf(operation, input, {
    accountId: request.caller.accountId,
    region: request.region,
  });
  if (!access) throw new AwsFault('UnknownOperationException', 400, '');
  for (const question of access) {
    const decision = authorize({ request, ...question });
    if (!decision.allowed) throw new AwsFault('AccessDeniedException', 400, decision.message);
  }
  const tableName = String(input['TableName']);
  if (operation === 'UpdateTimeToLive' || operation === 'DescribeTimeToLive') {
    await demandTable(engine, tableName);
    const settings =
      operation === 'UpdateTimeToLive'
        ? timeToLive.update(tableName, input['TimeToLiveSpecification'])
        : timeToLive.describe(tableName);
    return jsonAnswer(200, settings, request.id, contentType);
  }
  const { status, body } = await engine.call(operation, request.body);
  if (operation === 'DeleteTable' && status === 200) timeToLive.forget(tableName);
  return {
    status,
    headers: { 'content-type': contentType, 'x-amzn-requestid': request.id },
    body: isConditionFailure(status, body) ? await withOldItem(body, operation, input, engine) : body,
  };
}

async function demandTable(engine: Engine, TableName: string): Promise<void> {
  const { status, body } = await engine.call('DescribeTable', JSON.stringify({ TableName }));
  const { __type = '', message = '' } = JSON.parse(body) as { __type?: string; message?: string };
  if (status !== 200) throw new AwsFault(__type.split('#').pop() ?? __type, status, message);
}

function isConditionFailure(status: number, body: string): boolean {
  return status === 400 && body.includes('#ConditionalCheckFailedException"');
}

/**
 * `ReturnValuesOnConditionCheckFailure: ALL_OLD`, which dynalite lacks: the error carries the item that stood in the way.
 * It is read after the refusal, so under concurrent writers it may be a newer one than the condition saw.
 */
async function withOldItem(
  body: string,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  engine: Engine,
): Promise<string> {
  if (input['ReturnValuesOnConditionCheckFailure'] !== 'ALL_OLD') return body;
  const { TableName } = input;
  const Key = operation === 'PutItem' ? await keyOf(input, engine) : input['Key'];
  const read = await engine.call('GetItem', JSON.stringify({ TableName, Key, ConsistentRead: true }));
  const { Item } = JSON.parse(read.body) as { Item?: object };
  return Item ? JSON.stringify({ ...(JSON.parse(body) as object), Item }) : body;
}

/** The key of an item that was to be put. */
async function keyOf(
  { TableName, Item }: Readonly<Record<string, unknown>>,
  engine: Engine,
): Promise<object> {
  const { body } = await engine.call('DescribeTable', JSON.stringify({ TableName }));
  const { Table } = JSON.parse(body) as { Table: { KeySchema: { AttributeName: string }[] } };
  return pick(
    Item as object,
    Table.KeySchema.map(({ AttributeName }) => AttributeName),
  );
}

async function untilActive(engine: Engine, TableName: string): Promise<void> {
  for (;;) {
    const { body } = await engine.call('DescribeTable', JSON.stringify({ TableName }));
    const { Table } = JSON.parse(body) as { Table?: { TableStatus: string } };
    if (Table?.TableStatus === 'ACTIVE') return;
    await nextTurn();
  }
}

function pick(object: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}
