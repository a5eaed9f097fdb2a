import {
  InvokeEndpointAsyncCommand,
  type InvokeEndpointAsyncCommandInput,
  InvokeEndpointCommand,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../../../sandbox/sagemaker/models/model.ts';
import { joinS3, parseS3Location } from '../../../sandbox/sagemaker/s3-location.ts';
import { aRequest, childAccount, parentAccount } from '../service-adapter.ts';
import { asyncBucket, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const invoke = (changes: Partial<InvokeEndpointAsyncCommandInput> = {}) =>
  stage.runtime.send(new InvokeEndpointAsyncCommand({ EndpointName: 'puppet-async', ...changes }));

function read(url = '') {
  const location = parseS3Location(url);
  return location && stage.s3.get(location.bucket, location.key);
}

async function result(changes: Partial<InvokeEndpointAsyncCommandInput>) {
  const answer = await invoke(changes);
  await stage.sageMaker.settled();
  return {
    answer,
    output: read(answer.OutputLocation)?.body.toString(),
    failure: read(answer.FailureLocation)?.body.toString(),
  };
}

describe('an asynchronous invocation', () => {
  it('answers 202 at once, and the result of the forest appears in S3', async () => {
    stage.s3.put(asyncBucket, 'grants/grt_1/in/rows.csv', {
      body: Buffer.from('5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n'),
    });
    const { answer, output, failure } = await result({
      EndpointName: 'Iris-Classifier-Async',
      ContentType: 'text/csv',
      InputLocation: `s3://${asyncBucket}/grants/grt_1/in/rows.csv`,
      S3OutputPathExtension: 'grants/grt_1/out',
      InferenceId: 'mine-1',
    });
    expect(answer).toMatchObject({
      $metadata: { httpStatusCode: 202 },
      InferenceId: 'mine-1',
      OutputLocation: expect.stringMatching(
        /^s3:\/\/sharemaker-dev-async-111111111111-us-east-1\/grants\/grt_1\/out\/[0-9a-f-]{36}\.out$/,
      ),
      FailureLocation: expect.stringMatching(/\/failures\/grants\/grt_1\/out\/[0-9a-f-]{36}-error\.out$/),
    });
    expect(output).toBe('setosa\nvirginica\n');
    expect(failure).toBeUndefined();
    expect(read(answer.OutputLocation)?.headers['content-type']).toBe('text/csv; charset=utf-8');
  });

  it('is not done before its answer', async () => {
    const path = '/endpoints/puppet-async/async-invocations';
    const response = await stage.sageMaker.service.handle(aRequest({ path, body: Buffer.from('x') }));
    const url = response.headers['x-amzn-sagemaker-outputlocation'];
    expect(read(url)).toBeUndefined();
    await stage.sageMaker.settled();
    expect(read(url)?.body.toString()).toBe('x');
  });

  it('takes its input inline, up to 128,000 bytes', async () => {
    const Body = Buffer.alloc(128_000, 'x');
    expect((await result({ Body })).output).toHaveLength(128_000);
    await expect(invoke({ Body: Buffer.alloc(128_001) })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('makes an inference id when it is given none, and writes under the file name it is given', async () => {
    const { answer, output } = await result({ Body: 'x', Filename: 'result.json' });
    expect(answer.InferenceId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.OutputLocation).toBe(`s3://${asyncBucket}/result.json`);
    expect(output).toBe('x');
  });

  it('hands the model its headers', async () => {
    const { output } = await result({
      Body: 'x',
      ContentType: 'text/csv',
      Accept: 'application/json',
      CustomAttributes: 'show=request',
      InferenceId: 'mine-1',
    });
    expect(JSON.parse(output ?? '')).toMatchObject({
      contentType: 'text/csv',
      accept: 'application/json',
      inferenceId: 'mine-1',
    });
  });

  it('asks sagemaker:InvokeEndpointAsync alone', async () => {
    await result({ Body: 'x' });
    expect(stage.questions).toMatchObject([
      {
        action: 'sagemaker:InvokeEndpointAsync',
        resource: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/puppet-async',
      },
    ]);
    stage.rules.isAllowed = () => false;
    await expect(invoke()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a failure appears in S3', () => {
  it.each<[string, Partial<InvokeEndpointAsyncCommandInput>, string]>([
    [
      'of the model',
      { Body: 'x', CustomAttributes: 'status=400' },
      'Received client error (400) from primary',
    ],
    [
      'of an input that is not there',
      { InputLocation: `s3://${asyncBucket}/nothing` },
      'InputLocation does not exist',
    ],
    [
      'of a model that is too slow',
      { Body: 'x', CustomAttributes: 'delayMs=60000', InvocationTimeoutSeconds: 1 },
      'timed out',
    ],
    [
      'under the file name it was given',
      { Body: 'x', CustomAttributes: 'status=500', Filename: 'mine' },
      'server error (500)',
    ],
  ])('%s', async (_, changes, text) => {
    const { output, failure, answer } = await result(changes);
    expect(output).toBeUndefined();
    expect(failure).toContain(text);
    if (changes.Filename) expect(answer.FailureLocation).toMatch(/\/failures\/mine-error\.out$/);
  });

  it('of an input that lies in another account', async () => {
    stage.s3.createBucket(childAccount, 'theirs');
    stage.s3.put('theirs', 'secret', { body: Buffer.from('secret') });
    const { output, failure } = await result({ InputLocation: 's3://theirs/secret' });
    expect(output).toBeUndefined();
    expect(failure).toContain('may not read it');
  });

  it('nowhere, when the endpoint has no failure path', async () => {
    const async = { s3OutputPath: `s3://${asyncBucket}/plain` };
    stage.sageMaker.addEndpoint({ accountId: parentAccount, name: 'plain', async });
    const { answer } = await result({ EndpointName: 'plain', Body: 'x', CustomAttributes: 'status=500' });
    expect(answer.FailureLocation).toBeUndefined();
    expect(answer.OutputLocation).toContain('/plain/');
    expect(read(answer.OutputLocation)).toBeUndefined();
  });
});

describe('the queue', () => {
  /** A model that answers when it is told to. */
  function held() {
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const model: Model = {
      invoke: async ({ body }) => {
        begun.push(body.toString());
        await gate.promise;
        return { kind: 'reply', contentType: 'text/plain', body };
      },
    };
    const async = { s3OutputPath: `s3://${asyncBucket}`, s3FailurePath: `s3://${asyncBucket}/failures` };
    stage.sageMaker.addEndpoint({ accountId: parentAccount, name: 'held', model, async });
    return { begun, release: () => gate.resolve() };
  }

  it('lets one request of an endpoint run at a time, in the order they came', async () => {
    const { begun, release } = held();
    for (const Body of ['1', '2', '3']) await invoke({ EndpointName: 'held', Body });
    await expect.poll(() => begun).toEqual(['1']);
    release();
    await stage.sageMaker.settled();
    expect(begun).toEqual(['1', '2', '3']);
  });

  it('gives up on a request that waited longer than its RequestTTLSeconds', async () => {
    const { begun, release } = held();
    await invoke({ EndpointName: 'held', Body: 'first' });
    const late = await invoke({ EndpointName: 'held', Body: 'late', RequestTTLSeconds: 60 });
    const patient = await invoke({ EndpointName: 'held', Body: 'patient', RequestTTLSeconds: 62 });
    await expect.poll(() => begun).toEqual(['first']);
    stage.advanceSeconds(61);
    release();
    await stage.sageMaker.settled();
    expect(begun).toEqual(['first', 'patient']);
    expect(read(late.FailureLocation)?.body.toString()).toContain('RequestTTLSeconds');
    expect(read(patient.OutputLocation)?.body.toString()).toBe('patient');
  });

  it('is given up when the sandbox closes', async () => {
    const { begun } = held();
    const answer = await invoke({ EndpointName: 'held', Body: 'x' });
    await expect.poll(() => begun).toEqual(['x']);
    stage.sageMaker.close();
    await stage.sageMaker.settled();
    expect(read(answer.OutputLocation)).toBeUndefined();
    expect(read(answer.FailureLocation)).toBeUndefined();
  });
});

describe('ValidationError 400, and nothing is queued', () => {
  it.each<[string, Partial<InvokeEndpointAsyncCommandInput>]>([
    ['for neither body nor input location', {}],
    ['for both', { Body: 'x', InputLocation: `s3://${asyncBucket}/x` }],
    ['for an input location of another scheme', { InputLocation: 'http://example.com/x' }],
    ['for a path extension that leaves the bucket', { Body: 'x', S3OutputPathExtension: 's3://other/x' }],
    ['for a file name with two dots', { Body: 'x', Filename: 'a.b.c' }],
    ['for a time to live under a minute', { Body: 'x', RequestTTLSeconds: 59 }],
    ['for a time to live over six hours', { Body: 'x', RequestTTLSeconds: 21_601 }],
    ['for a timeout over an hour', { Body: 'x', InvocationTimeoutSeconds: 3601 }],
    ['for an endpoint that is not asynchronous', { EndpointName: 'puppet', Body: 'x' }],
    ['for an endpoint that is not there', { EndpointName: 'Nowhere', Body: 'x' }],
  ])('%s', async (_, changes) => {
    await expect(invoke(changes)).rejects.toMatchObject({
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
    });
    expect(stage.sageMaker.invocations).toEqual([]);
  });

  it('for a synchronous call of an asynchronous endpoint', async () => {
    await expect(
      stage.runtime.send(new InvokeEndpointCommand({ EndpointName: 'puppet-async', Body: 'x' })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('locations in S3', () => {
  it.each([
    ['s3://bucket/a/b', { bucket: 'bucket', key: 'a/b' }],
    ['s3://bucket', { bucket: 'bucket', key: '' }],
    ['https://s3.us-east-1.amazonaws.com/bucket/a/b', { bucket: 'bucket', key: 'a/b' }],
    ['https://bucket.s3.us-east-1.amazonaws.com/a/b', { bucket: 'bucket', key: 'a/b' }],
    ['https://dotted.bucket.s3.amazonaws.com/a', { bucket: 'dotted.bucket', key: 'a' }],
    ['https://example.com/a', undefined],
  ])('%s', (url, location) => {
    expect(parseS3Location(url)).toEqual(location);
  });

  it('are joined with one slash', () => {
    expect(joinS3('s3://b/', '/x/', undefined, 'y')).toBe('s3://b/x/y');
    expect(joinS3('s3://b/p', 'y')).toBe('s3://b/p/y');
  });
});
