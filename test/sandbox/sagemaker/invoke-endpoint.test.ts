import {
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runtimeErrors } from '../../../sandbox/sagemaker/runtime-faults.ts';
import { aRequest, childAccount, parentAccount } from '../service-adapter.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const invoke = (changes: Partial<InvokeEndpointCommandInput> = {}) =>
  stage.runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'puppet', Body: Buffer.from('hello'), ...changes }),
  );
const textOf = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString();
const endpointArn = 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/puppet';

describe('the answer', () => {
  it('carries the body byte for byte, its type, the variant and the custom attributes', async () => {
    const Body = Uint8Array.from({ length: 256 }, (_, n) => n);
    const answer = await invoke({ Body, ContentType: 'application/x-npy', CustomAttributes: 'trace=7' });
    expect(new Uint8Array(answer.Body ?? [])).toEqual(Body);
    expect(answer).toMatchObject({
      ContentType: 'application/x-npy',
      InvokedProductionVariant: 'AllTraffic',
      CustomAttributes: 'trace=7',
    });
  });

  it('may be empty, and may be 25 MB', async () => {
    expect(textOf((await invoke({ Body: new Uint8Array() })).Body)).toBe('');
    const Body = Buffer.alloc(25 * 1024 * 1024, 'x');
    expect((await invoke({ Body })).Body).toHaveLength(Body.length);
  });

  it('hands the container the headers of the API and strips every other', async () => {
    const headers = {
      'content-type': 'text/csv',
      accept: 'application/json',
      'x-amzn-sagemaker-custom-attributes': 'show=request',
      'x-amzn-sagemaker-target-model': 'tenant-a/model.tar.gz',
      'x-amzn-sagemaker-inference-id': 'id-1',
      'x-amzn-sagemaker-unknown': 'gone',
      cookie: 'gone',
    };
    const { body } = await stage.sageMaker.service.handle(
      aRequest({ path: '/endpoints/puppet/invocations', headers, body: Buffer.from('1,2') }),
    );
    expect(JSON.parse(String(body))).toEqual({
      contentType: 'text/csv',
      accept: 'application/json',
      customAttributes: 'show=request',
      targetModel: 'tenant-a/model.tar.gz',
      inferenceId: 'id-1',
      bodyBytes: 3,
      bodySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is noted with its inference id and the names of what was sent, and with nothing else of it', async () => {
    await invoke({ InferenceId: 'id-1', CustomAttributes: 'secret' });
    expect(stage.sageMaker.invocations).toEqual([
      {
        at: '2030-01-01T00:00:00.000Z',
        requestId: expect.any(String),
        accountId: parentAccount,
        endpointName: 'puppet',
        mode: 'sync',
        callerArn: 'arn:aws:iam::111111111111:user/admin',
        inferenceId: 'id-1',
        members: ['contentType', 'customAttributes', 'inferenceId'],
      },
    ]);
  });
});

describe('who may', () => {
  const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } };

  it('is asked on the lower-cased ARN in the caller’s own account', async () => {
    await invoke({ EndpointName: 'Iris-Classifier', Body: '5.1,3.5,1.4,0.2', ContentType: 'text/csv' });
    expect(stage.questions).toMatchObject([
      {
        action: 'sagemaker:InvokeEndpoint',
        resource: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
        context: {},
      },
    ]);
    const child = new SageMakerRuntimeClient(stage.server.clientOf(childAccount));
    await expect(
      child.send(new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'x' })),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Endpoint puppet of account 222222222222 not found.',
    });
  });

  it.each([
    ['TargetModel', { TargetModel: 'tenant-a/m' }, 'tenant-a/m'],
    ['TargetContainerHostname', { TargetContainerHostname: 'container-2' }, 'container-2'],
  ])('is asked with sagemaker:TargetModel from %s', async (_, changes, target) => {
    await invoke(changes);
    expect(stage.questions).toMatchObject([{ context: { 'sagemaker:TargetModel': target } }]);
  });

  it('is asked on the inference component too', async () => {
    const place = { accountId: parentAccount, name: 'llm' };
    stage.sageMaker.addEndpoint({ ...place, inferenceComponents: ['llm-a'] });
    const call = () => invoke({ EndpointName: 'llm', InferenceComponentName: 'llm-a' });
    await call();
    const component = 'arn:aws:sagemaker:us-east-1:111111111111:inference-component/llm-a';
    expect(stage.questions.map(({ resource }) => resource)).toEqual([
      'arn:aws:sagemaker:us-east-1:111111111111:endpoint/llm',
      component,
    ]);
    stage.rules.isAllowed = ({ resource }) => resource !== component;
    await expect(call()).rejects.toMatchObject(denied);
    stage.rules.isAllowed = () => true;
    await expect(invoke({ InferenceComponentName: 'llm-b' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });

  it('is decided before anything else: a missing endpoint, variant or well-formed header', async () => {
    stage.rules.isAllowed = () => false;
    for (const changes of [
      {},
      { EndpointName: 'Nowhere' },
      { TargetVariant: 'none' },
      { TargetVariant: '-bad-' },
      { EndpointName: 'Iris-Classifier-Async' },
    ])
      await expect(invoke(changes)).rejects.toMatchObject(denied);
    expect(stage.sageMaker.invocations).toEqual([]);
  });

  it('is said in AWS’s words', async () => {
    stage.rules.isAllowed = () => false;
    await expect(invoke()).rejects.toMatchObject({
      message: `User: arn:aws:iam::111111111111:user/admin is not authorized to perform: sagemaker:InvokeEndpoint on resource: ${endpointArn} because no identity-based policy allows the sagemaker:InvokeEndpoint action`,
    });
  });
});

describe('ValidationError 400, and no model runs', () => {
  it.each<[string, Partial<InvokeEndpointCommandInput>, string]>([
    [
      'an endpoint that is not there',
      { EndpointName: 'Nowhere' },
      'Endpoint Nowhere of account 111111111111 not found.',
    ],
    [
      'a name in another case',
      { EndpointName: 'Puppet' },
      'Endpoint Puppet of account 111111111111 not found.',
    ],
    ['a variant that does not exist', { TargetVariant: 'none' }, 'Variant "none" does not exist'],
    ['an asynchronous endpoint', { EndpointName: 'puppet-async' }, 'takes asynchronous invocations only'],
    ['a name over 63', { EndpointName: 'x'.repeat(64) }, "'endpointName' failed to satisfy constraint"],
    [
      'a variant that is none',
      { TargetVariant: '-a' },
      "Value '-a' at 'targetVariant' failed to satisfy constraint: Member must satisfy regular expression pattern",
    ],
    ['a target model over 1,024', { TargetModel: 'x'.repeat(1025) }, "'targetModel' failed"],
    ['an inference id over 64', { InferenceId: 'x'.repeat(65) }, "'inferenceId' failed"],
    ['a session that it never opened', { SessionId: 'abc' }, 'Session abc does not exist'],
    ['attributes over 1,024', { CustomAttributes: 'x'.repeat(1025) }, "Value at 'customAttributes' failed"],
    ['several at once', { TargetVariant: '-a', SessionId: '_' }, '2 validation errors detected'],
  ])('for %s', async (_, changes, message) => {
    await expect(invoke(changes)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
    expect(stage.sageMaker.invocations).toEqual([]);
  });

  it('for a body over 25 MB', async () => {
    const response = await stage.sageMaker.service.handle(
      aRequest({ path: '/endpoints/puppet/invocations', body: Buffer.alloc(25 * 1024 * 1024 + 1) }),
    );
    expect(response).toMatchObject({ status: 400, headers: { 'x-amzn-errortype': 'ValidationError' } });
  });

  it.each(['Creating', 'Deleting', 'Failed', 'OutOfService'] as const)(
    'while the endpoint is %s',
    async (status) => {
      stage.sageMaker.setStatus({ accountId: parentAccount, name: 'puppet' }, status);
      await expect(invoke()).rejects.toMatchObject({ name: 'ValidationError' });
    },
  );

  it.each(['Updating', 'SystemUpdating', 'RollingBack'] as const)('not while it is %s', async (status) => {
    stage.sageMaker.setStatus({ accountId: parentAccount, name: 'puppet' }, status);
    expect(textOf((await invoke()).Body)).toBe('hello');
  });

  it('never shows custom attributes', async () => {
    await expect(invoke({ CustomAttributes: `tenant-secret${'x'.repeat(1024)}` })).rejects.toSatisfy(
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

describe('errors of the model', () => {
  it.each([400, 404, 422, 500, 503])('a container’s %i is ModelError 424', async (status) => {
    const isClient = status < 500;
    await expect(invoke({ CustomAttributes: `status=${status}` })).rejects.toMatchObject({
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
      message: `Received ${isClient ? 'client' : 'server'} error (${status}) from primary with message "The puppet was told to answer ${status}.". See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/puppet in account 111111111111 for more information.`,
      OriginalStatusCode: status,
      OriginalMessage: `The puppet was told to answer ${status}.`,
      LogStreamArn: 'arn:aws:logs:us-east-1:111111111111:log-group:/aws/sagemaker/Endpoints/puppet',
    });
  });

  it('a model that does not answer in time is ModelError 424 with OriginalStatusCode 0', async () => {
    stage.close();
    stage = await openStage({ limits: { responseMs: 60, streamMs: 60 } });
    await expect(invoke({ CustomAttributes: 'delayMs=60000' })).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
      message: expect.stringContaining(
        'Your invocation timed out while waiting for a response from container',
      ),
    });
  });

  it('a caller that goes away takes its invocation with it', async () => {
    const gone = new AbortController();
    const answer = stage.sageMaker.service.handle(
      aRequest({
        path: '/endpoints/puppet/invocations',
        headers: { 'x-amzn-sagemaker-custom-attributes': 'delayMs=60000' },
        signal: gone.signal,
      }),
    );
    gone.abort();
    expect(await answer).toMatchObject({ status: 500 });
  });

  it('a response that breaks off is one too', async () => {
    await expect(invoke({ CustomAttributes: 'chunks=5,breakAfter=2' })).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
    });
  });

  it('collects a response that comes bit by bit', async () => {
    const answer = await invoke({ Body: 'a longer text', CustomAttributes: 'chunks=5' });
    expect(textOf(answer.Body)).toBe('a longer text');
    expect((await invoke({ CustomAttributes: 'chunks=3,chunkBytes=100' })).Body).toHaveLength(300);
  });

  it('refuses a response over 25 MB', async () => {
    await expect(invoke({ CustomAttributes: 'chunks=26,chunkBytes=1048576' })).rejects.toMatchObject({
      name: 'ModelError',
    });
  });

  const refusals = Object.entries(runtimeErrors).filter(([code]) => code !== 'ModelError');
  it.each(refusals)('the puppet makes SageMaker answer %s %i', async (code, status) => {
    const response = await stage.sageMaker.service.handle(
      aRequest({
        path: '/endpoints/puppet/invocations',
        headers: { 'x-amzn-sagemaker-custom-attributes': `error=${code}` },
      }),
    );
    expect(response).toMatchObject({
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    });
    expect(JSON.parse(String(response.body))).toEqual({ Message: 'The puppet was told to refuse.' });
    await expect(invoke({ CustomAttributes: `error=${code}` })).rejects.toMatchObject({
      name: code,
      message: 'The puppet was told to refuse.',
    });
  });

  it.each(['delayMs=soon', 'status=9999', 'error=Nonsense', 'bytes=99999999'])(
    'the puppet does not guess what %s means',
    async (CustomAttributes) => {
      await expect(invoke({ CustomAttributes })).rejects.toMatchObject({
        name: 'ModelError',
        OriginalStatusCode: 400,
      });
    },
  );

  it('the puppet leaves words alone that it does not know', async () => {
    expect(await invoke({ CustomAttributes: 'toString=1,tenant-7' })).toMatchObject({
      CustomAttributes: 'toString=1,tenant-7',
    });
    expect((await invoke({ CustomAttributes: 'bytes=1000' })).Body).toHaveLength(1000);
  });
});

describe('stateful sessions', () => {
  const place = { accountId: parentAccount, name: 'puppet' };
  const open = async () => {
    const { NewSessionId = '' } = await invoke({ SessionId: 'NEW_SESSION' });
    return NewSessionId;
  };

  it('begin, go on, and end when the container says so', async () => {
    const announcement = await open();
    expect(announcement).toMatch(/^[0-9a-f-]{36}; Expires=2030-01-01T01:00:00Z$/);
    const SessionId = announcement.slice(0, 36);
    const next = await invoke({ SessionId, CustomAttributes: 'show=request' });
    expect(next.NewSessionId).toBeUndefined();
    expect(JSON.parse(textOf(next.Body))).toMatchObject({ sessionId: SessionId });
    expect(await invoke({ SessionId, CustomAttributes: 'session=closed' })).toMatchObject({
      ClosedSessionId: SessionId,
    });
    await expect(invoke({ SessionId })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('end after an hour, and with their endpoint', async () => {
    const first = (await open()).slice(0, 36);
    stage.advanceSeconds(3600);
    await expect(invoke({ SessionId: first })).rejects.toMatchObject({ name: 'ValidationError' });
    const second = (await open()).slice(0, 36);
    stage.sageMaker.recreateEndpoint(place);
    await expect(invoke({ SessionId: second })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
