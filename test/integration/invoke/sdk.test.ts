/** Unchanged clients: the AWS SDK for JavaScript, told nothing but the URL and the signing name. */

import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  ModelError,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, shareRoleKeys } from '../../support/share.ts';

let sandbox: TestSandbox;
let relayed: SageMakerRuntimeClient;
let direct: SageMakerRuntimeClient;
beforeAll(async () => {
  sandbox = await startSandbox();
  const { grant } = await aShare(sandbox, 'puppet', 'puppet', { modes: ['sync', 'stream'] });
  await aShare(sandbox, 'story', 'storyteller', { modes: ['sync', 'stream'] });
  await aShare(sandbox, 'later', 'puppet-async', { modes: ['async'] });
  const { region, awsEndpointUrl, child } = sandbox.describe;
  relayed = new SageMakerRuntimeClient({
    region,
    endpoint: child.apiUrl,
    credentials: child.credentials,
    maxAttempts: 1,
    // The signature is for the relay's API; everything else is SageMaker's.
    ...{ signingName: 'execute-api' },
  });
  direct = new SageMakerRuntimeClient({
    region,
    endpoint: awsEndpointUrl,
    credentials: await shareRoleKeys(sandbox, grant),
    maxAttempts: 1,
  });
});
afterAll(() => sandbox?.close());

describe('the SDK through the relay', () => {
  it('sees what it sees when it calls SageMaker itself', async () => {
    const input = {
      EndpointName: 'puppet',
      Body: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      ContentType: 'application/x-npy',
      Accept: 'application/x-npy',
      CustomAttributes: 'c=1',
      InferenceId: 'id-1',
      TargetVariant: 'AllTraffic',
    };
    const [one, two] = await Promise.all(
      [relayed, direct].map((client) => client.send(new InvokeEndpointCommand(input))),
    );
    const { $metadata: _one, ...ours } = one ?? {};
    const { $metadata: _two, ...theirs } = two ?? {};
    expect(ours).toEqual(theirs);
  });

  it('does not send again what a relay that died may have had answered already', async () => {
    const { region, child } = sandbox.describe;
    const patient = new SageMakerRuntimeClient({
      region,
      endpoint: child.apiUrl,
      credentials: child.credentials,
      ...{ signingName: 'execute-api' },
    });
    const sent = () => sandbox.calls.filter(({ operation }) => operation === 'InvokeEndpoint').length;
    const before = sent();
    sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpoint', nth: 1, fault: 'crash' });
    const failed = patient.send(new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'x' }));
    await expect(failed).rejects.toMatchObject({
      name: 'InternalDependencyException',
      $metadata: { httpStatusCode: 530, attempts: 1 },
    });
    expect(sent() - before).toBe(1);
  });

  it('throws what it throws there', async () => {
    for (const orders of [
      'status=500',
      'error=InternalFailure',
      'error=ModelNotReadyException',
      'error=ThrottlingException',
    ]) {
      const input = { EndpointName: 'puppet', Body: 'x', CustomAttributes: orders };
      const [ours, theirs] = await Promise.all(
        [relayed, direct].map((client) =>
          client.send(new InvokeEndpointCommand(input)).catch((error) => error),
        ),
      );
      expect(described(ours)).toEqual(described(theirs));
    }
  });

  it('reads a story while it is being told', async () => {
    const { Body, ContentType } = await relayed.send(
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName: 'story',
        Body: JSON.stringify({ prompt: 'a garden' }),
        ContentType: 'application/json',
      }),
    );
    const parts: string[] = [];
    for await (const { PayloadPart } of Body ?? [])
      parts.push(Buffer.from(PayloadPart?.Bytes ?? []).toString());
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.join('')).toContain('garden');
    expect(ContentType).toMatch(/^text\//);
  });

  it('hears of a stream that breaks as SageMaker says it, and of a connection that breaks as well', async () => {
    for (const [orders, errorCode] of [
      ['chunks=4,chunkBytes=9,breakAfter=2,break=ModelInvocationTimeExceeded', 'ModelInvocationTimeExceeded'],
      ['chunks=4,chunkBytes=9,paceMs=5,breakAfter=2,break=socket', 'StreamBroken'],
    ]) {
      const { Body } = await relayed.send(
        new InvokeEndpointWithResponseStreamCommand({
          EndpointName: 'puppet',
          Body: 'x',
          CustomAttributes: orders,
        }),
      );
      let parts = 0;
      const read = async () => {
        for await (const { PayloadPart } of Body ?? []) if (PayloadPart) parts += 1;
      };
      await expect(read()).rejects.toMatchObject({ name: 'ModelStreamError', ErrorCode: errorCode });
      expect(parts).toBe(2);
    }
  });

  it('is told of an asynchronous result', async () => {
    const answer = await relayed.send(
      new InvokeEndpointAsyncCommand({
        EndpointName: 'later',
        Body: 'x',
        ContentType: 'text/plain',
        InferenceId: 'mine-1',
      }),
    );
    expect(answer.$metadata.httpStatusCode).toBe(202);
    expect(answer.OutputLocation).toMatch(/^s3:\/\//);
    expect(answer.InferenceId).toMatch(/./);
  });

  it('knows a model error as one', async () => {
    const thrown = await relayed
      .send(new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'x', CustomAttributes: 'status=418' }))
      .catch((error) => error);
    expect(thrown).toBeInstanceOf(ModelError);
    expect(thrown).toMatchObject({ OriginalStatusCode: 418 });
  });
});

function described(error: unknown) {
  const { name, message, $metadata, $fault, OriginalStatusCode, OriginalMessage } = error as ModelError;
  return { name, message, $fault, status: $metadata.httpStatusCode, OriginalStatusCode, OriginalMessage };
}
