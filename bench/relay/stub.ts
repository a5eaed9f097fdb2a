/**
 * The AWS that the relay is measured against, in a process of its own: STS, DynamoDB's GetItem and SageMaker's runtime,
 * each at its own address as in AWS. It checks nothing and answers at once, or as the endpoint's name says.
 */

import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { toAttributes } from '../../lib/relay/attributes.ts';
import type { SubscriptionRecord } from '../../lib/relay/subscription.ts';
import { serveTasks } from '../side.ts';
import { type StubReady, sessionToken } from './stub-aws.ts';

const calls = { sts: 0, dynamodb: 0, sagemaker: 0 };
type Service = keyof typeof calls;

const answers: Readonly<Record<Service, (path: string, body: Buffer, response: ServerResponse) => unknown>> =
  {
    sts: (_path, _body, response) =>
      response.writeHead(200, { 'content-type': 'text/xml' }).end(sessionXml()),
    dynamodb(_path, body, response) {
      const { Key } = JSON.parse(body.toString()) as { Key: { alias: { S: string } } };
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify({ Item: toAttributes({ kind: 'subscription', ...subscription(Key.alias.S) }) }),
      );
    },
    sagemaker: predict,
  };

const { TLS_KEY_FILE: keyFile, TLS_CERTIFICATE_FILE: certificateFile } = process.env;
const entries = Object.keys(answers).map(async (name) => [name, await listen(name as Service)] as const);
serveTasks(Object.fromEntries(await Promise.all(entries)) as unknown as StubReady, async () => calls);

async function listen(service: Service): Promise<string> {
  const listener: RequestListener = (request, response) => {
    calls[service] += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void answers[service](request.url ?? '', Buffer.concat(chunks), response));
  };
  const isTls = keyFile !== undefined && certificateFile !== undefined;
  const server = isTls
    ? createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, listener)
    : createServer(listener);
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http${isTls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** `echo-5ms` answers the body after 5 ms; `stream-100` streams 100 parts, the first at once. */
async function predict(path: string, body: Buffer, response: ServerResponse): Promise<void> {
  const [, kind, size] = /\/endpoints\/([a-z]+)-(\d+)/.exec(path) ?? [];
  response.setHeader('x-amzn-requestid', '0d4d1f2c-6b1e-4b8e-9a53-6f7a0f1c2d3e');
  response.setHeader('x-amzn-invoked-production-variant', 'AllTraffic');
  if (kind === 'stream') {
    await stream(Number(size), response);
    return;
  }
  if (Number(size) > 0) await pause(Number(size));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

const pauseBetweenPartsMs = 1;
const codec = new EventStreamCodec(toUtf8, fromUtf8);
const part = codec.encode({
  headers: {
    ':message-type': { type: 'string', value: 'event' },
    ':event-type': { type: 'string', value: 'PayloadPart' },
    ':content-type': { type: 'string', value: 'application/octet-stream' },
  },
  body: Buffer.from('{"token": "something like a token"}\n'),
});

async function stream(parts: number, response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'application/vnd.amazon.eventstream',
    'x-amzn-sagemaker-content-type': 'application/jsonlines',
  });
  for (let sent = 1; sent < parts; sent++) {
    response.write(part);
    await pause(pauseBetweenPartsMs);
  }
  response.end(part);
}

function subscription(alias: string): SubscriptionRecord {
  const grantId = `grt_${'0'.repeat(25)}1`;
  return {
    alias,
    grantId,
    roleArn: `arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-${grantId}`,
    externalId: 'external-id-of-the-bench',
    endpoint: { name: alias, region: 'us-east-1' },
    modes: ['sync', 'stream', 'async'],
    expiresAt: '2099-01-01T00:00:00.000Z',
    offerUrl: `https://abcdefghij.execute-api.us-east-1.amazonaws.com/dev/offers/${grantId}`,
    status: 'active',
    checkedAt: '2026-01-01T00:00:00.000Z',
    acceptedAt: '2026-01-01T00:00:00.000Z',
    acceptedBy: 'arn:aws:sts::222222222222:assumed-role/scoring/alice',
    version: 1,
  };
}

function sessionXml(): string {
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  return (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>' +
    '<AccessKeyId>ASIABENCHBENCHBENCH1</AccessKeyId><SecretAccessKey>a-secret-of-forty-characters-in-the-bench</SecretAccessKey>' +
    `<SessionToken>${sessionToken}</SessionToken><Expiration>${expiration}</Expiration>` +
    '</Credentials></AssumeRoleResult></AssumeRoleResponse>'
  );
}
