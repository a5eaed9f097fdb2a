import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoDb, type DynamoDb } from '../../../sandbox/dynamodb/dynamodb.ts';
import type { AccessQuestion } from '../../../sandbox/types.ts';
import { aRequest, authorizeBy, childAccount, parentAccount, serveService } from '../service-adapter.ts';

const TableName = 'grants';
const tableArn = 'arn:aws:dynamodb:us-east-1:111111111111:table/grants';

let isAllowed: (question: AccessQuestion) => boolean;
let questions: AccessQuestion[];
let dynamoDb: DynamoDb;
let server: Awaited<ReturnType<typeof serveService>>;
let client: DynamoDBDocumentClient;

beforeEach(async () => {
  isAllowed = () => true;
  const access = authorizeBy((question) => isAllowed(question));
  questions = access.questions;
  dynamoDb = createDynamoDb({ authorize: access.authorize });
  await dynamoDb.createTable(parentAccount, 'us-east-1', aTable());
  server = await serveService(dynamoDb.service);
  client = DynamoDBDocumentClient.from(new DynamoDBClient(server.clientOf()));
});
afterEach(() => {
  server.close();
  dynamoDb.close();
});

function aTable(changes = {}) {
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'status', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byStatus',
        KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    ...changes,
  };
}

const put = (Item: Record<string, unknown>, more = {}) =>
  client.send(new PutCommand({ TableName, Item, ...more }));
const get = async (id: string) => (await client.send(new GetCommand({ TableName, Key: { id } }))).Item;

describe('items', () => {
  it('are written, read, changed, found by index and deleted', async () => {
    await put({ id: 'g1', status: 'active', version: 1, history: [{ at: 1 }] });
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { id: 'g1' },
        UpdateExpression: 'SET version = version + :one, history = list_append(history, :more)',
        ConditionExpression: 'version = :one',
        ExpressionAttributeValues: { ':one': 1, ':more': [{ at: 2 }] },
      }),
    );
    expect(await get('g1')).toEqual({
      id: 'g1',
      status: 'active',
      version: 2,
      history: [{ at: 1 }, { at: 2 }],
    });
    const byStatus = () =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: 'byStatus',
          KeyConditionExpression: '#s = :s',
          ExpressionAttributeNames: { '#s': 'status' },
          ExpressionAttributeValues: { ':s': 'active' },
        }),
      );
    expect((await byStatus()).Items).toHaveLength(1);
    await client.send(new DeleteCommand({ TableName, Key: { id: 'g1' } }));
    expect((await byStatus()).Items).toEqual([]);
    expect(await get('g1')).toBeUndefined();
  });

  it('are there a thousand of them, each once over all pages', async () => {
    for (let n = 0; n < 1000; n += 25)
      await client.send(
        new BatchWriteCommand({
          RequestItems: {
            [TableName]: Array.from({ length: 25 }, (_, k) => ({
              PutRequest: { Item: { id: `g${n + k}`, status: 'active' } },
            })),
          },
        }),
      );
    const seen = new Set<string>();
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({ TableName, Limit: 300, ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
      );
      for (const { id } of page.Items ?? []) seen.add(id as string);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    expect(seen.size).toBe(1000);
  });

  it('of one account and region are not those of another', async () => {
    await dynamoDb.createTable(childAccount, 'us-east-1', aTable());
    await dynamoDb.createTable(parentAccount, 'eu-west-1', aTable());
    await put({ id: 'g1' });
    for (const config of [server.clientOf(childAccount), server.clientOf(parentAccount, 'eu-west-1')]) {
      const other = DynamoDBDocumentClient.from(new DynamoDBClient(config));
      expect((await other.send(new GetCommand({ TableName, Key: { id: 'g1' } }))).Item).toBeUndefined();
    }
  });
});

describe('a condition that fails', () => {
  const onFailure = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  beforeEach(() => put({ id: 'g1', version: 3, tags: new Set(['a']) }));

  it('carries the item in the way when a put asks for it', async () => {
    const once = put({ id: 'g1' }, { ConditionExpression: 'attribute_not_exists(id)', ...onFailure });
    await expect(once).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { id: { S: 'g1' }, version: { N: '3' }, tags: { SS: ['a'] } },
    });
  });

  it('carries it when an update or a delete asks for it', async () => {
    const condition = {
      TableName,
      Key: { id: 'g1' },
      ConditionExpression: 'version = :v',
      ExpressionAttributeValues: { ':v': 2 },
      ...onFailure,
    };
    for (const command of [
      new UpdateCommand({ ...condition, UpdateExpression: 'REMOVE tags' }),
      new DeleteCommand(condition),
    ])
      await expect(client.send(command as UpdateCommand)).rejects.toMatchObject({
        Item: { version: { N: '3' } },
      });
    expect(await get('g1')).toMatchObject({ version: 3 });
  });

  it('carries nothing when nothing was there, or nobody asked', async () => {
    const missing = put({ id: 'g2' }, { ConditionExpression: 'attribute_exists(id)', ...onFailure });
    await expect(missing).rejects.toSatisfy(
      (error: object) => !('Item' in error) || error.Item === undefined,
    );
    const unasked = put({ id: 'g1' }, { ConditionExpression: 'attribute_not_exists(id)' });
    await expect(unasked).rejects.toSatisfy(
      (error: object) => !('Item' in error) || error.Item === undefined,
    );
  });

  it('lets one of many concurrent writers through', async () => {
    const writers = Array.from({ length: 20 }, () =>
      put({ id: 'new' }, { ConditionExpression: 'attribute_not_exists(id)' }),
    );
    const settled = await Promise.allSettled(writers);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('access', () => {
  it.each<[string, string, () => Promise<unknown>]>([
    ['dynamodb:GetItem', tableArn, () => get('g1')],
    ['dynamodb:PutItem', tableArn, () => put({ id: 'g1' })],
    ['dynamodb:Scan', tableArn, () => client.send(new ScanCommand({ TableName }))],
    [
      'dynamodb:Scan',
      `${tableArn}/index/byStatus`,
      () => client.send(new ScanCommand({ TableName, IndexName: 'byStatus' })),
    ],
    [
      'dynamodb:BatchGetItem',
      tableArn,
      () => client.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [{ id: 'g1' }] } } })),
    ],
    ['dynamodb:DescribeTable', tableArn, () => client.send(new DescribeTableCommand({ TableName }))],
    ['dynamodb:ListTables', '*', () => client.send(new ListTablesCommand({}))],
  ])('needs %s on %s', async (action, resource, send) => {
    await send();
    expect(questions).toMatchObject([{ action, resource }]);
    isAllowed = () => false;
    await expect(send()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
      message: expect.stringContaining(`is not authorized to perform: ${action} on resource: ${resource}`),
    });
  });

  it('of a batch needs every table, and writes to none when one is shut', async () => {
    await dynamoDb.createTable(parentAccount, 'us-east-1', aTable({ TableName: 'audits' }));
    isAllowed = ({ resource }) => resource !== tableArn.replace('grants', 'audits');
    const Item = { id: 'g1', status: 'active' };
    const batch = new BatchWriteCommand({
      RequestItems: { grants: [{ PutRequest: { Item } }], audits: [{ PutRequest: { Item } }] },
    });
    await expect(client.send(batch)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await get('g1')).toBeUndefined();
  });
});

describe('tables', () => {
  it('are described with the ARNs of their account and region', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableArn: tableArn,
      TableStatus: 'ACTIVE',
      GlobalSecondaryIndexes: [{ IndexArn: `${tableArn}/index/byStatus` }],
    });
  });

  it('do not leave their account in the environment', () => {
    expect(process.env['AWS_ACCOUNT_ID']).toBeUndefined();
  });

  it('are created and deleted over the API too', async () => {
    await client.send(
      new CreateTableCommand({
        TableName: 'made-by-hand',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    await expect
      .poll(
        async () =>
          (await client.send(new DescribeTableCommand({ TableName: 'made-by-hand' }))).Table?.TableStatus,
      )
      .toBe('ACTIVE');
    await client.send(new DeleteTableCommand({ TableName: 'made-by-hand' }));
    await expect
      .poll(() => client.send(new ListTablesCommand({})).then(({ TableNames }) => TableNames))
      .toEqual([TableName]);
  });

  it('of a stack that cannot be made say why', async () => {
    await expect(dynamoDb.createTable(parentAccount, 'us-east-1', aTable())).rejects.toThrow(
      'ResourceInUseException',
    );
  });

  it('that do not exist are ResourceNotFoundException', async () => {
    await expect(
      client.send(new GetCommand({ TableName: 'nowhere', Key: { id: 'x' } })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(client.send(new DescribeTimeToLiveCommand({ TableName: 'nowhere' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('time to live', () => {
  const update = (Enabled: boolean, AttributeName = 'expires') =>
    client.send(
      new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } }),
    );
  const status = async () =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;

  it('is switched on and off, and remembered', async () => {
    expect(await status()).toEqual({ TimeToLiveStatus: 'DISABLED' });
    await update(true);
    expect(await status()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
    await expect(update(true)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(update(false, 'other')).rejects.toMatchObject({ name: 'ValidationException' });
    await update(false);
    await expect(update(false)).rejects.toMatchObject({ message: 'TimeToLive is already disabled' });
  });

  it('of a stack is set from the start', async () => {
    const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true };
    await dynamoDb.createTable(
      parentAccount,
      'us-east-1',
      aTable({ TableName: 'audits', TimeToLiveSpecification }),
    );
    const described = await client.send(new DescribeTimeToLiveCommand({ TableName: 'audits' }));
    expect(described.TimeToLiveDescription?.TimeToLiveStatus).toBe('ENABLED');
  });
});

describe('what it does not have', () => {
  it('is said of transactions', async () => {
    await expect(
      client.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Delete: { TableName, Key: { id: { S: 'x' } } } }],
        }),
      ),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('transactions'),
    });
  });

  it.each(['DynamoDB_20120810.ExportTableToPointInTime', 'Other.GetItem', ''])(
    'is said of %s',
    async (target) => {
      const response = await dynamoDb.service.handle(aRequest({ headers: { 'x-amz-target': target } }));
      expect(response).toMatchObject({
        status: 400,
        headers: { 'x-amzn-errortype': 'UnknownOperationException' },
      });
    },
  );

  it.each(['null', '[]', '{', '"GetItem"'])('is said of the body %s', async (body) => {
    const response = await dynamoDb.service.handle(
      aRequest({ headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' }, body: Buffer.from(body) }),
    );
    expect(response).toMatchObject({
      status: 400,
      headers: { 'x-amzn-errortype': 'SerializationException' },
    });
  });

  it.each([
    '{}',
    '{"TableName":7}',
    '{"TableName":"grants","Key":[]}',
    '{"TableName":"grants","Key":{"id":null}}',
  ])('and nothing breaks at the input %s', async (body) => {
    const response = await dynamoDb.service.handle(
      aRequest({ headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' }, body: Buffer.from(body) }),
    );
    expect(response.status).toBe(400);
  });
});
