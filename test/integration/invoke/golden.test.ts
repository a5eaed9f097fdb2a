/**
 * The same request twice: to SageMaker with the share role's keys, and through the relay with the child's own. Status,
 * headers and bytes must be the same. The table multiplies out modes, errors, bodies and headers.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, direct, type Headers, shareRoleKeys } from '../../support/share.ts';
import type { Answer, Keys } from '../../support/signed-fetch.ts';

let sandbox: TestSandbox;
let keys: Keys;
beforeAll(async () => {
  sandbox = await startSandbox();
  const { grant } = await aShare(sandbox, 'twin', 'puppet', { modes: ['sync', 'stream'] });
  keys = await shareRoleKeys(sandbox, grant);
});
afterAll(() => sandbox?.close());

interface Case {
  readonly name: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
}

const custom = (orders: string): Headers => ({ 'x-amzn-sagemaker-custom-attributes': orders });
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const bodies: readonly Case[] = [
  { name: 'no body', body: '' },
  { name: 'CSV', headers: { 'content-type': 'text/csv' }, body: '5.1,3.5\n4.9,3.0\n' },
  { name: 'JSON with characters', headers: { 'content-type': 'application/json' }, body: '{"a":"Grüße 🌷"}' },
  { name: 'every byte', headers: { 'content-type': 'application/x-protobuf' }, body: everyByte },
  {
    name: 'an image',
    headers: { 'content-type': 'image/png' },
    body: Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
  },
  {
    name: 'one megabyte',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(1_048_576),
  },
  { name: 'a charset', headers: { 'content-type': 'text/csv; charset=utf-8' }, body: 'ü' },
];

const headers: readonly Case[] = [
  { name: 'an accept header', headers: { accept: 'application/json' } },
  { name: 'custom attributes', headers: custom('anything=goes; c=1') },
  { name: 'a target variant', headers: { 'x-amzn-sagemaker-target-variant': 'AllTraffic' } },
  { name: 'a variant that does not exist', headers: { 'x-amzn-sagemaker-target-variant': 'Nobody' } },
  { name: 'a variant that cannot exist', headers: { 'x-amzn-sagemaker-target-variant': '-a b-' } },
  { name: 'an inference id', headers: { 'x-amzn-sagemaker-inference-id': 'id-1' } },
  { name: 'an inference id that is too long', headers: { 'x-amzn-sagemaker-inference-id': 'x'.repeat(65) } },
  { name: 'attributes that are too long', headers: custom('x'.repeat(1_025)) },
  { name: 'a component that does not exist', headers: { 'x-amzn-sagemaker-inference-component': 'nobody' } },
  { name: 'a header of tomorrow', headers: { 'x-amzn-sagemaker-of-tomorrow': '1' } },
  { name: 'what the model received', headers: custom('show=request'), body: 'x' },
  { name: 'a body made by the model', headers: custom('bytes=100000') },
];

const errors: readonly Case[] = [
  ...[400, 404, 413, 429, 500, 503].map((status) => ({
    name: `the container's ${status}`,
    headers: custom(`status=${status}`),
  })),
  ...[
    'InternalFailure',
    'ServiceUnavailable',
    'ValidationError',
    'ModelError',
    'InternalDependencyException',
    'ModelNotReadyException',
    'ThrottlingException',
  ].map((code) => ({ name: code, headers: custom(`error=${code}`) })),
];

const streams: readonly Case[] = [
  { name: 'chunks', headers: custom('chunks=5,chunkBytes=100') },
  ...['StreamBroken', 'ModelInvocationTimeExceeded', 'InternalStreamFailure'].map((code) => ({
    name: `a stream that ends in ${code}`,
    headers: custom(`chunks=5,chunkBytes=10,breakAfter=3,break=${code}`),
  })),
];

describe('a synchronous invocation through the relay equals a direct one', () => {
  it.each([...bodies, ...headers, ...errors])('$name', (each) => expectTwins('invocations', each));
});

describe('a stream through the relay equals a direct one', () => {
  it.each([...bodies, ...headers, ...errors, ...streams])('$name', (each) =>
    expectTwins('invocations-response-stream', each),
  );
});

async function expectTwins(operation: string, { headers = {}, body = '' }: Case): Promise<void> {
  const call = { headers, body };
  const original = await direct(sandbox, `/endpoints/puppet/${operation}`, keys, call);
  const relayed = await sandbox.asChild.send('POST', `/endpoints/twin/${operation}`, call);
  expect(comparable(relayed)).toEqual(comparable(original));
  expect(relayed.bytes.equals(original.bytes)).toBe(true);
}

/** Of one connection or one hop, and what the relay says of itself. */
const ofTheHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
  'x-amzn-requestid',
  'x-amz-apigw-id',
  'server-timing',
  'x-sharemaker-attempts',
  'x-sharemaker-upstream-requestid',
]);

function comparable({ status, headers }: Pick<Answer, 'status' | 'headers'>) {
  return { status, headers: Object.fromEntries([...headers].filter(([name]) => !ofTheHop.has(name)).sort()) };
}
