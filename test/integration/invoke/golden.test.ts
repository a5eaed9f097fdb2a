/**
 * The same request twice: to SageMaker with the share role's keys, and through the relay with the child's own. Status,
 * headers and bytes must be the same. The table multiplies out modes, errors, bodies and headers.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Offer } from '../../../lib/contract/offer.ts';
import { runtimeErrors } from '../../../sandbox/sagemaker/runtime-faults.ts';
import { anOffer, openLab } from '../../support/relay-lab.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, direct, type Headers, shareRoleKeys } from '../../support/share.ts';
import { type Answer, type Keys, signedFetch } from '../../support/signed-fetch.ts';
import { refuse } from '../../support/stub-aws.ts';

let sandbox: TestSandbox;
/** Alias → the endpoint behind it, and the keys of its grant's role. */
const twins: Record<string, { readonly endpoint: string; readonly keys: Keys }> = {};
/** Where a grant's asynchronous results go; the relay adds it where the caller does not. */
let extension: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  sandbox.sageMaker.addEndpoint({
    accountId: sandbox.describe.parent.accountId,
    name: 'composed',
    inferenceComponents: ['llm-a'],
  });
  const twin = async (alias: string, endpoint: string, more: Readonly<Record<string, unknown>>) => {
    const { grant } = await aShare(sandbox, alias, endpoint, more);
    twins[alias] = { endpoint, keys: await shareRoleKeys(sandbox, grant) };
    return grant;
  };
  await twin('twin', 'puppet', { modes: ['sync', 'stream'] });
  await twin('composed-twin', 'composed', {
    modes: ['sync', 'stream'],
    targets: { inferenceComponents: ['llm-a'] },
  });
  const { id } = await twin('async-twin', 'puppet-async', { modes: ['async'] });
  const offer = await sandbox.asParent.get<Offer>(`/offers/${id}`);
  extension = offer.json.async?.outputPathExtension ?? '';
});
afterAll(() => sandbox?.close());

interface Case {
  readonly name: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
  /** `twin` unless given. */
  readonly alias?: string;
  /** What SageMaker answers, where the case would be an empty one otherwise. */
  readonly status?: number;
}

const own = (header: string, value: string): Headers => ({ [`x-amzn-sagemaker-${header}`]: value });
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
  { name: 'a target model', headers: own('target-model', 'tenant-a/model.tar.gz') },
  { name: 'a target model that is none', headers: own('target-model', 'x'.repeat(1_025)) },
  { name: 'a target container', headers: own('target-container-hostname', 'second') },
  { name: 'a target container that cannot exist', headers: own('target-container-hostname', 'a.b') },
  { name: 'explanations', headers: own('enable-explanations', '`true`') },
  { name: 'explanations that are too long', headers: own('enable-explanations', 'x'.repeat(65)) },
  { name: 'a prefix-aware id', headers: own('prefix-aware-id', 'chat-app') },
  { name: 'a session that does not exist', headers: own('session-id', 'nobody-has-this') },
  { name: 'a session that cannot exist', headers: own('session-id', '-a-') },
  {
    name: 'a component',
    headers: { ...own('inference-component', 'llm-a'), ...custom('show=request') },
    alias: 'composed-twin',
    status: 200,
  },
  {
    name: 'a component that the grant does not have',
    headers: own('inference-component', 'llm-b'),
    alias: 'composed-twin',
  },
  {
    name: 'everything at once',
    headers: {
      'content-type': 'text/csv',
      accept: 'application/json',
      ...own('accept', 'application/json'),
      ...custom('show=request'),
      ...own('target-model', 'a'),
      ...own('target-variant', 'AllTraffic'),
      ...own('target-container-hostname', 'second'),
      ...own('inference-id', 'id-2'),
      ...own('enable-explanations', '`true`'),
      ...own('prefix-aware-id', 'chat-app'),
    },
    body: '1,2',
  },
  { name: 'a header of tomorrow', headers: { 'x-amzn-sagemaker-of-tomorrow': '1' } },
  { name: 'what the model received', headers: custom('show=request'), body: 'x' },
  { name: 'a body made by the model', headers: custom('bytes=100000') },
];

const refusals = [
  'InternalFailure',
  'ServiceUnavailable',
  'ValidationError',
  'ModelError',
  'InternalDependencyException',
  'ModelNotReadyException',
  // Not in SageMaker's model, and answered all the same.
  'AccessDeniedException',
  'ExpiredTokenException',
  'ThrottlingException',
] as const;

const errors: readonly Case[] = [
  ...[400, 404, 413, 429, 500, 503].map((status) => ({
    name: `the container's ${status}`,
    headers: custom(`status=${status}`),
  })),
  ...refusals.map((code) => ({ name: code, headers: custom(`error=${code}`) })),
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

const inline = (bytes: number): Pick<Case, 'body'> => ({ body: new Uint8Array(bytes).fill(48) });

/** The ids that SageMaker makes up where the caller gives none are compared as ids. */
const asyncCases: readonly Case[] = [
  { name: 'a body', body: '5.1,3.5' },
  { name: 'every byte', body: everyByte },
  { name: 'a body at the border', ...inline(128_000), status: 202 },
  { name: 'a body over the border', ...inline(128_001), status: 400 },
  { name: 'a body far over the border', ...inline(1_048_576) },
  { name: 'neither a body nor a location' },
  { name: 'a location', headers: own('inputlocation', 's3://somewhere/in/x') },
  { name: 'a location and a body', headers: own('inputlocation', 's3://somewhere/in/x'), body: 'x' },
  { name: 'a location that is none', headers: own('inputlocation', 'ftp://somewhere/x') },
  {
    name: 'the types of body and answer',
    headers: { ...own('content-type', 'text/csv'), ...own('accept', 'application/json') },
    body: '1',
  },
  { name: 'custom attributes', headers: custom('anything=goes'), body: '1' },
  {
    name: 'an inference id and a file name',
    headers: { ...own('inference-id', 'i'), ...own('filename', 'f.out') },
    body: '1',
  },
  { name: 'an inference id that is too long', headers: own('inference-id', 'x'.repeat(65)), body: '1' },
  { name: 'a file name that is none', headers: own('filename', 'a.b.c'), body: '1' },
  { name: 'a path extension that is none', headers: own('s3outputpathextension', 's3://x'), body: '1' },
  ...[
    [59, 400],
    [60, 202],
    [21_600, 202],
    [21_601, 400],
  ].map(([seconds, status]) => ({
    name: `${seconds} seconds in the queue`,
    headers: own('requestttlseconds', String(seconds)),
    body: '1',
    ...(status && { status }),
  })),
  ...[
    [0, 400],
    [1, 202],
    [3_600, 202],
    [3_601, 400],
  ].map(([seconds, status]) => ({
    name: `${seconds} seconds to run`,
    headers: own('invocationtimeoutseconds', String(seconds)),
    body: '1',
    ...(status && { status }),
  })),
  { name: 'a header of another mode', headers: own('target-variant', 'Nobody'), body: '1' },
  { name: 'a header of tomorrow', headers: own('of-tomorrow', '1'), body: '1' },
];

describe('an asynchronous invocation through the relay equals a direct one', () => {
  it.each(asyncCases)('$name', (each) =>
    expectTwins('async-invocations', {
      ...each,
      alias: 'async-twin',
      headers: { ...own('s3outputpathextension', extension), ...each.headers },
    }),
  );

  it('a place for the results that the relay adds', async () => {
    const asked = { body: 'x' };
    const original = await direct(
      sandbox,
      '/endpoints/puppet-async/async-invocations',
      keysOf('async-twin'),
      {
        ...asked,
        headers: own('s3outputpathextension', extension),
      },
    );
    const relayed = await throughTheRelay('async-invocations', { name: '', alias: 'async-twin', ...asked });
    expect(withoutIds(relayed)).toEqual(withoutIds(original));
  });

  it('the result, byte for byte', async () => {
    const results = [];
    for (const send of [throughTheRelay, directly]) {
      const answer = await send('async-invocations', {
        name: 'a result',
        alias: 'async-twin',
        headers: { ...own('content-type', 'image/png'), ...own('s3outputpathextension', extension) },
        body: everyByte,
      });
      await sandbox.sageMaker.settled();
      results.push(await objectAt(answer.headers.get('x-amzn-sagemaker-outputlocation') ?? ''));
    }
    expect(results[0]).toEqual({ type: 'image/png', bytes: Buffer.from(everyByte) });
    expect(results[1]).toEqual(results[0]);
  });
});

/** No model is asked before an asynchronous request is accepted, so that none can be told to refuse it. */
describe('an asynchronous request that is not accepted is answered through the relay as directly', () => {
  it.each([
    ['throttle', 'ThrottlingException', 400],
    ['error', 'InternalFailure', 500],
  ] as const)('a fault of the sandbox: %s', async (fault, code, status) => {
    // As often as the relay may ask.
    for (const nth of [1, 2, 3])
      sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpointAsync', nth, fault });
    const relayed = await throughTheRelay('async-invocations', {
      name: code,
      alias: 'async-twin',
      body: 'x',
    });
    sandbox.clearFaults();
    sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpointAsync', nth: 1, fault });
    const original = await directly('async-invocations', { name: code, alias: 'async-twin', body: 'x' });
    expect([original.status, original.headers.get('x-amzn-errortype')]).toEqual([status, code]);
    expect(withoutIds(relayed)).toEqual(withoutIds(original));
  });

  it.each(refusals)('%s', async (code) => {
    const lab = await openLab();
    lab.aws.respond.sagemaker = (_received, response) =>
      refuse(response, code, runtimeErrors[code], { Message: 'Grüße 🌷', OriginalStatusCode: 0 });
    lab.aws.respond['execute-api'] = (_received, response) =>
      void response.writeHead(200).end(JSON.stringify(anOffer(lab)));
    await lab.subscribe();
    const original = await signedFetch('POST', `${lab.aws.url}/endpoints/Iris-Classifier/async-invocations`, {
      credentials: { accessKeyId: 'ASIA', secretAccessKey: 'any' },
      region: 'us-east-1',
      service: 'sagemaker',
      body: '5.1,3.5',
    });
    const { status, headers, body } = await lab.send({
      resource: '/endpoints/{alias}/async-invocations',
      body: '5.1,3.5',
    });
    await lab.close();
    expect(original.status).toBe(runtimeErrors[code]);
    expect(withoutIds({ status, headers: new globalThis.Headers(headers), bytes: body })).toEqual(
      withoutIds(original),
    );
  });
});

describe('a stateful session through the relay equals a direct one', () => {
  it('from its beginning to its end, streams included', async () => {
    const stories = [];
    for (const send of [throughTheRelay, directly]) {
      const first = await send('invocations', { name: 'begin', headers: own('session-id', 'NEW_SESSION') });
      const [id = ''] = first.headers.get('x-amzn-sagemaker-new-session-id')?.split(';') ?? [];
      expect(id).not.toBe('');
      const inSession = (orders: string) => ({ ...own('session-id', id), ...custom(orders) });
      const story = [
        first,
        await send('invocations', { name: 'go on', headers: inSession('show=request') }),
        await send('invocations-response-stream', { name: 'stream', headers: inSession('chunks=2') }),
        await send('invocations', { name: 'close', headers: inSession('session=closed') }),
        await send('invocations', { name: 'too late', headers: inSession('') }),
      ];
      expect(story[3]?.headers.get('x-amzn-sagemaker-closed-session-id')).toBe(id);
      expect(story.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400]);
      stories.push(story.map(withoutIds));
    }
    expect(stories[0]).toEqual(stories[1]);
  });
});

type Sent = Pick<Answer, 'status' | 'headers' | 'bytes'>;
type Send = (operation: string, each: Case) => Promise<Sent>;

const directly: Send = (operation, { alias = 'twin', headers = {}, body = '' }) =>
  direct(sandbox, `/endpoints/${twins[alias]?.endpoint}/${operation}`, keysOf(alias), { headers, body });

const throughTheRelay: Send = (operation, { alias = 'twin', headers = {}, body = '' }) =>
  sandbox.asChild.send('POST', `/endpoints/${alias}/${operation}`, { headers, body });

async function expectTwins(operation: string, each: Case): Promise<void> {
  const [original, reached] = await watched(() => directly(operation, each));
  const [relayed, reachedToo] = await watched(() => throughTheRelay(operation, each));
  expect(withoutIds(relayed)).toEqual(withoutIds(original));
  if (each.status !== undefined) expect(original.status).toBe(each.status);
  // What may be tried again may come more than once; it is the same each time.
  expect(reachedToo.at(-1)).toEqual(reached.at(-1));
}

/** What SageMaker was given meanwhile, as far as it says. */
async function watched(send: () => Promise<Sent>): Promise<[Sent, (readonly string[])[]]> {
  const before = sandbox.sageMaker.invocations.length;
  const answer = await send();
  return [answer, sandbox.sageMaker.invocations.slice(before).map(({ members }) => members)];
}

function keysOf(alias: string): Keys {
  const keys = twins[alias]?.keys;
  if (!keys) throw new Error(`There is no twin ${alias}.`);
  return keys;
}

async function objectAt(location: string): Promise<{ type: string | null; bytes: Buffer }> {
  const { pathname, host } = new URL(location.replace(/^s3:/, 'http:'));
  const { awsEndpointUrl, region } = sandbox.describe;
  const { headers, bytes } = await signedFetch('GET', `${awsEndpointUrl}/${host}${pathname}`, {
    credentials: sandbox.describe.parent.credentials,
    region,
    service: 's3',
  });
  return { type: headers.get('content-type'), bytes };
}

const madeUp = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const expiry = /Expires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** Status, headers and bytes; made-up ids and the hour in which a session ends differ with each invocation. */
function withoutIds(answer: Sent) {
  const { status, headers } = comparable(answer);
  const text = answer.bytes.toString('latin1');
  const isFramed = answer.headers.get('content-type') === 'application/vnd.amazon.eventstream';
  const same = (value: string) => value.replace(madeUp, '<id>').replace(expiry, 'Expires=<time>');
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, same(value)])),
    // The checksums of frames would tell of ids; there are none in them.
    bytes: isFramed ? text : same(text),
  };
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

function comparable({ status, headers }: Sent) {
  return { status, headers: Object.fromEntries([...headers].filter(([name]) => !ofTheHop.has(name)).sort()) };
}
