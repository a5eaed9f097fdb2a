/**
 * STS, SageMaker's runtime, S3 and a parent's get-offer on one loopback port, answering as the test says; DynamoDB is
 * dynalite. For what must be counted, delayed or broken more finely than the sandbox can; IAM is not enforced here.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Respond = (received: Received, response: ServerResponse, count: number) => void | Promise<void>;

export interface StubAws {
  readonly url: string;
  /** What the relay's environment must hold. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that arrived, by service. */
  readonly received: Readonly<Record<StubbedService, Received[]>>;
  /** What is answered from now on. */
  readonly respond: Record<StubbedService, Respond>;
  closeTables(): Promise<void>;
  close(): Promise<void>;
}

export type StubbedService = 'sts' | 'sagemaker' | 's3' | 'execute-api';

export const stubTable = 'subscriptions';
export const sessionSeconds = 3600;

export async function startStubAws(now: () => number): Promise<StubAws> {
  const received: StubAws['received'] = { sts: [], sagemaker: [], s3: [], 'execute-api': [] };
  const respond: StubAws['respond'] = {
    sts: (_received, response) => giveSession(response, now()),
    sagemaker: ({ body, headers }, response) => {
      response.writeHead(200, {
        'content-type': headers['content-type'] ?? 'application/octet-stream',
        'x-amzn-invoked-production-variant': 'AllTraffic',
      });
      response.end(body);
    },
    s3: (_received, response) => void response.writeHead(404).end(),
    'execute-api': (_received, response) => void response.writeHead(404).end(),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const service = serviceOf(request);
    const arrived: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    received[service].push(arrived);
    await respond[service](arrived, response, received[service].length);
  });
  const tables = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const [url, dynamoUrl] = await Promise.all([listen(server), listen(tables)]);
  await createTable(dynamoUrl);
  return {
    url,
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDRELAY',
      AWS_SECRET_ACCESS_KEY: 'relay-secret',
      AWS_SESSION_TOKEN: 'relay-token',
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoUrl,
      SUBSCRIPTIONS_TABLE: stubTable,
      CHILD_ACCOUNT_ID: '222222222222',
      OFFER_ORIGINS: 'http://127.0.0.1:*',
    },
    received,
    respond,
    closeTables: () => stop(tables),
    async close() {
      await Promise.all([stop(server), stop(tables)]);
    },
  };
}

/** An AssumeRole answer whose keys end with `name`. */
export function giveSession(response: ServerResponse, now: number, name = 'ONE'): void {
  const expiration = new Date(now + sessionSeconds * 1000).toISOString();
  response.writeHead(200, { 'content-type': 'text/xml' });
  response.end(
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
      `<AccessKeyId>ASIA${name}</AccessKeyId><SecretAccessKey>secret+${name}/=</SecretAccessKey>` +
      `<SessionToken>token-${name}</SessionToken><Expiration>${expiration}</Expiration>` +
      `</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  );
}

export function refuseSession(response: ServerResponse, code = 'AccessDenied', status = 403): void {
  response.writeHead(status, { 'content-type': 'text/xml' });
  response.end(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
  );
}

/** An error in the shape of SageMaker's runtime. */
export function refuse(
  response: ServerResponse,
  code: string,
  status: number,
  fields: object = { Message: code },
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code });
  response.end(JSON.stringify(fields));
}

function serviceOf({ headers }: IncomingMessage): StubbedService {
  const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  if (scope === 'sts' || scope === 'sagemaker' || scope === 's3' || scope === 'execute-api') return scope;
  throw new Error(`unsigned, or signed for ${scope}`);
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function createTable(url: string): Promise<void> {
  await callTables(url, 'CreateTable', {
    TableName: stubTable,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'alias', AttributeType: 'S' },
      { AttributeName: 'kind', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'alias', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'all',
        KeySchema: [
          { AttributeName: 'kind', KeyType: 'HASH' },
          { AttributeName: 'alias', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  let status: unknown;
  while (status !== 'ACTIVE') {
    const { Table } = (await callTables(url, 'DescribeTable', { TableName: stubTable })) as {
      Table: { TableStatus: string };
    };
    status = Table.TableStatus;
  }
}

async function callTables(url: string, operation: string, input: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      'x-amz-date': '20260101T000000Z',
    },
    body: JSON.stringify(input),
  });
  if (answer.status !== 200) throw new Error(`${operation}: ${await answer.text()}`);
  return answer.json();
}
