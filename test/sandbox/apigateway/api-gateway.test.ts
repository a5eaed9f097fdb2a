import { expect, it } from 'vitest';
import { type ApiGatewayOptions, createApiGateway } from '../../../sandbox/apigateway/api-gateway.ts';
import type { Outcome } from '../../../sandbox/lambda/environment.ts';
import type { PolicyDocument } from '../../../sandbox/policy/document.ts';
import type { ServiceRequest } from '../../../sandbox/types.ts';
import { aFunction, aStack } from '../lambda/a-lambda.ts';
import { anAuthorizer, aRequest, textOf } from './an-api.ts';

const resourcePolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: '*',
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*/GET/offers/*',
    },
  ],
};

const route = (method: string, path: string, isStreamed = false, timeoutMs = 29_000) => ({
  method,
  path,
  isStreamed,
  timeoutMs,
});

const stack = aStack(
  [
    aFunction({
      key: 'get-grant',
      name: 'f-get',
      handler: 'a.b',
      routes: [route('GET', '/grants/{grantId}')],
    }),
    aFunction({ key: 'create-grant', name: 'f-post', handler: 'a.b', routes: [route('POST', '/grants')] }),
    aFunction({
      key: 'invoke',
      name: 'f-stream',
      handler: 'a.b',
      routes: [
        route('POST', '/stream', true),
        route('POST', '/slow', true, 20),
        route('GET', '/slow', false, 20),
      ],
    }),
  ],
  { resourcePolicy },
);

function anApi(overrides: Partial<ApiGatewayOptions> = {}, deployed = stack) {
  const { authorize, questions } = anAuthorizer();
  const events: { accountId: string; name: string; event: Record<string, unknown> }[] = [];
  const gateway = createApiGateway({
    clock: { now: () => 0 },
    authorize,
    origin: () => 'http://127.0.0.1:4599',
    orgIdOf: () => undefined,
    async invoke(accountId, name, event) {
      events.push({ accountId, name, event: event as Record<string, unknown> });
      return { type: 'result', payload: '{"statusCode":200,"body":"fine"}' };
    },
    ...overrides,
  });
  const url = gateway.deploy(deployed);
  const base = new URL(url).pathname;
  const { service, tellDepartures } = gateway;
  const call = (request: Partial<ServiceRequest>) =>
    service.handle(aRequest({ ...request, path: `${base}${request.path}` }));
  return { url, base, service, questions, events, call, tellDepartures };
}

const answering = (outcome: Outcome) => anApi({ invoke: async () => outcome });

it('has a URL of its own, the same in every run', () => {
  expect(anApi().url).toMatch(/^http:\/\/127\.0\.0\.1:4599\/[0-9a-z]{10}\/dev$/);
  expect(anApi().url).toBe(anApi().url);
});

it('leads a request to its function, with parameters', async () => {
  const api = anApi();
  const response = await api.call({ path: '/grants/grt_1', query: 'a=b' });
  expect([response.status, await textOf(response)]).toEqual([200, 'fine']);
  expect(api.events).toMatchObject([
    {
      accountId: '111111111111',
      name: 'f-get',
      event: { pathParameters: { grantId: 'grt_1' }, queryStringParameters: { a: 'b' } },
    },
  ]);
});

it('asks IAM for the method and path as sent, and hands it the resource policy with full ARNs', async () => {
  const api = anApi();
  await api.call({ path: '/grants/grt%201' });
  const [, apiId] = api.base.split('/');
  const arn = `arn:aws:execute-api:us-east-1:111111111111:${apiId}`;
  expect(api.questions).toMatchObject([
    {
      action: 'execute-api:Invoke',
      resource: `${arn}/dev/GET/grants/grt%201`,
      resourceAccountId: '111111111111',
      resourcePolicy: { Statement: [{ Resource: [`${arn}/*/GET/offers/*`] }] },
    },
  ]);
});

it('answers a refusal in its own shape, and hides the account of the API', async () => {
  const message =
    'User: arn:aws:iam::111111111111:user/x is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:111111111111:abc/dev/GET/grants/1 because no identity-based policy allows the execute-api:Invoke action';
  const api = anApi({ authorize: anAuthorizer(message).authorize });
  const response = await api.call({ path: '/grants/1' });
  expect(response).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' } });
  expect(JSON.parse(await textOf(response))).toEqual({
    Message: message.replace('us-east-1:111111111111', 'us-east-1:********1111'),
  });
  expect(api.events).toEqual([]);
});

it.each([
  ['an unknown path', '/nothing'],
  ['the root', '/'],
  ['nothing at all', ''],
])('answers %s as AWS does, before it asks IAM', async (_, path) => {
  const api = anApi();
  const response = await api.call({ path });
  expect([response.status, await textOf(response)]).toEqual([
    403,
    '{"message":"Missing Authentication Token"}',
  ]);
  expect(api.questions).toEqual([]);
});

it('does not answer for another stage or another API', async () => {
  const { service, base } = anApi();
  for (const path of [base.replace('dev', 'prod'), base.replace(/^\/./, '/_')]) {
    expect((await service.handle(aRequest({ path: `${path}/grants/1` }))).status).toBe(403);
  }
});

it('names the operation of a request, for faults and the call log', () => {
  const { service, base } = anApi();
  expect(service.operationOf(aRequest({ path: `${base}/grants/1` }))).toBe('get-grant');
  expect(service.operationOf(aRequest({ path: `${base}/nothing` }))).toBeUndefined();
});

it.each([
  ['over what API Gateway takes', 10.1],
  ['over what Lambda takes, as base64', 4.6],
])('refuses a body %s', async (_, megabytes) => {
  const api = anApi();
  const body = Buffer.alloc(megabytes * 1024 * 1024);
  expect((await api.call({ method: 'POST', path: '/grants', body })).status).toBe(413);
  expect(api.events).toEqual([]);
  const fits = await api.call({ method: 'POST', path: '/grants', body: body.subarray(0, 4.4 * 1024 * 1024) });
  expect(fits.status).toBe(200);
});

it('answers 502 for a function that failed, and says nothing of why', async () => {
  const api = answering({ type: 'failure', failure: { errorType: 'Secret', errorMessage: 'secret' } });
  const response = await api.call({ path: '/grants/1' });
  expect([response.status, await textOf(response)]).toEqual([502, '{"message":"Internal server error"}']);
});

it('answers 504 when the integration takes too long, and tells only a function that streams, if any', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const api = anApi({
    invoke: (_accountId, _name, _event, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
  });
  for (const told of [false, true]) {
    api.tellDepartures(told);
    for (const method of ['GET', 'POST']) {
      const response = await api.call({ method, path: '/slow' });
      expect([response.status, await textOf(response)]).toEqual([
        504,
        '{"message":"Endpoint request timed out"}',
      ]);
    }
  }
  expect(signals.map((signal) => signal?.aborted)).toEqual([undefined, undefined, undefined, true]);
});

it("answers its own failures in the API's own words, where it has some", async () => {
  const own = {
    REQUEST_TOO_LARGE: { status: 413, headers: { 'x-own': 'large' }, body: 'too large' },
    DEFAULT_5XX: { status: 530, headers: { 'x-own': 'failed' }, body: 'no answer' },
    INTEGRATION_TIMEOUT: { status: 531, headers: { 'x-own': 'late' }, body: 'too late' },
  };
  const callWith = (invoke: ApiGatewayOptions['invoke'], request: Partial<ServiceRequest>) =>
    anApi({ invoke }, { ...stack, gatewayResponses: own }).call(request);
  const failing = async () =>
    ({ type: 'failure', failure: { errorType: 'Error', errorMessage: '' } }) as const;
  const malformed = async () => ({ type: 'result', payload: 'nonsense' }) as const;
  const late = () => new Promise<never>(() => undefined);
  const large = { method: 'POST', path: '/grants', body: Buffer.alloc(11_000_000) };
  for (const [invoke, request, answer] of [
    [failing, { path: '/grants/1' }, own.DEFAULT_5XX],
    [failing, { method: 'POST', path: '/stream' }, own.DEFAULT_5XX],
    [malformed, { path: '/grants/1' }, own.DEFAULT_5XX],
    [malformed, { method: 'POST', path: '/stream' }, own.DEFAULT_5XX],
    [late, { path: '/slow' }, own.INTEGRATION_TIMEOUT],
    [failing, large, own.REQUEST_TOO_LARGE],
  ] as const) {
    const response = await callWith(invoke, request);
    expect([response.status, await textOf(response)]).toEqual([answer.status, answer.body]);
    expect(response.headers).toMatchObject({ ...answer.headers, 'x-amzn-requestid': expect.any(String) });
  }
  expect((await callWith(failing, { path: '/nothing' })).status).toBe(403);
});

it('streams what a streaming function writes', async () => {
  const chunks = (async function* () {
    yield Buffer.from(`{"statusCode":202}${'\0'.repeat(8)}a`);
    yield Buffer.from('b');
  })();
  const response = await answering({ type: 'stream', chunks }).call({ method: 'POST', path: '/stream' });
  expect([response.status, await textOf(response)]).toEqual([202, 'ab']);
});

it('answers 500 for a buffered function behind a streaming route', async () => {
  const response = await anApi().call({ method: 'POST', path: '/stream' });
  expect(response.status).toBe(500);
});

/** A function that notes how far its stream was read, behind `POST /stream`, and a client that leaves after a chunk. */
async function leaveEarly(told: boolean) {
  const client = new AbortController();
  const written: string[] = [];
  const ended = Promise.withResolvers<void>();
  const chunks = (async function* () {
    try {
      for (const text of [`{"statusCode":200}${'\0'.repeat(8)}`, 'a', 'b', 'c']) {
        written.push(text.at(-1) ?? '');
        yield Buffer.from(text);
      }
      written.push('end');
    } finally {
      ended.resolve();
    }
  })();
  let signal: AbortSignal | undefined;
  const api = anApi({
    async invoke(_accountId, _name, _event, given) {
      signal = given;
      return { type: 'stream', chunks };
    },
  });
  api.tellDepartures(told);
  const { body } = await api.call({ method: 'POST', path: '/stream', signal: client.signal });
  const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  await iterator.next();
  client.abort();
  await iterator.return?.();
  await ended.promise;
  return { written, signal };
}

it('does not tell a streaming function that its client left, and lets it write to its end', async () => {
  const { written, signal } = await leaveEarly(false);
  expect([written, signal]).toEqual([['\0', 'a', 'b', 'c', 'end'], undefined]);
});

it('lets a streaming function write to its end where the integration took too long', async () => {
  const begun = Promise.withResolvers<Outcome>();
  const ended = Promise.withResolvers<void>();
  const api = anApi({ invoke: () => begun.promise });
  expect((await api.call({ method: 'POST', path: '/slow' })).status).toBe(504);
  const chunks = (async function* () {
    yield Buffer.from('late');
    ended.resolve();
  })();
  begun.resolve({ type: 'stream', chunks });
  await ended.promise;
});

it('tells a streaming function when its client left, where that was asked for', async () => {
  const { written, signal } = await leaveEarly(true);
  expect([written, signal?.aborted]).toEqual([['\0', 'a'], true]);
});
