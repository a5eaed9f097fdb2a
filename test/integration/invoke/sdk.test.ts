/** Unchanged clients: the AWS SDK for JavaScript, told nothing but the URL and the signing name. */

import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  type InvokeEndpointWithResponseStreamCommandOutput,
  ModelError,
  SageMakerRuntimeClient,
  type SageMakerRuntimeServiceException,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Offer } from '../../../lib/contract/offer.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, shareRoleKeys } from '../../support/share.ts';

let sandbox: TestSandbox;
let relayed: SageMakerRuntimeClient;
/** Endpoint, whose alias is its name → a client that calls SageMaker itself, with the share role's keys. */
const direct: Record<string, SageMakerRuntimeClient> = {};
/** Where results go; the relay adds it where the caller does not. */
let extension = '';
beforeAll(async () => {
  sandbox = await startSandbox();
  const { region, awsEndpointUrl, child } = sandbox.describe;
  const share = async (endpoint: string, modes: readonly string[]) => {
    const { grant } = await aShare(sandbox, endpoint, endpoint, { modes });
    direct[endpoint] = new SageMakerRuntimeClient({
      region,
      endpoint: awsEndpointUrl,
      credentials: await shareRoleKeys(sandbox, grant),
      maxAttempts: 1,
    });
    return grant;
  };
  await share('puppet', ['sync', 'stream']);
  await share('storyteller', ['sync', 'stream']);
  const { id } = await share('puppet-async', ['async']);
  extension = (await sandbox.asParent.get<Offer>(`/offers/${id}`)).json.async?.outputPathExtension ?? '';
  relayed = new SageMakerRuntimeClient({
    region,
    endpoint: child.apiUrl,
    credentials: child.credentials,
    maxAttempts: 1,
    // The signature is for the relay's API; everything else is SageMaker's.
    ...{ signingName: 'execute-api' },
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
    await expectTheSame('puppet', async (client) => {
      const { $metadata, ...answer } = await client.send(new InvokeEndpointCommand(input));
      return { status: $metadata.httpStatusCode, ...answer };
    });
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

  it.each([
    'status=500',
    'error=InternalFailure',
    'error=ModelNotReadyException',
    'error=ThrottlingException',
    'error=ValidationError',
    'error=InternalDependencyException',
  ])('throws what it throws there: %s', async (orders) => {
    const input = { EndpointName: 'puppet', Body: 'x', CustomAttributes: orders };
    await expectTheSame('puppet', (client) => thrown(client.send(new InvokeEndpointCommand(input))));
    await expectTheSame('puppet', (client) =>
      thrown(client.send(new InvokeEndpointWithResponseStreamCommand(input))),
    );
  });

  it.each([
    ['storyteller', JSON.stringify({ prompt: 'a garden' }), ''],
    ['puppet', 'one piece', ''],
    ['puppet', 'several pieces', 'chunks=5,chunkBytes=100'],
    ['puppet', 'broken off', 'chunks=4,chunkBytes=9,breakAfter=2,break=ModelInvocationTimeExceeded'],
    ['puppet', 'broken off', 'chunks=4,chunkBytes=9,breakAfter=2,break=StreamBroken'],
    ['puppet', 'broken off', 'chunks=4,chunkBytes=9,breakAfter=2,break=InternalStreamFailure'],
  ])('reads the stream that it reads there: %s, %s, %s', async (endpoint, Body, CustomAttributes) => {
    const input = {
      EndpointName: endpoint,
      Body,
      ContentType: 'application/json',
      ...(CustomAttributes && { CustomAttributes }),
    };
    const { parts, end } = await expectTheSame(endpoint, async (client) => {
      const answer = await client.send(new InvokeEndpointWithResponseStreamCommand(input));
      const { $metadata, Body: events, ...rest } = answer;
      return { status: $metadata.httpStatusCode, ...rest, ...(await readParts(events)) };
    });
    expect(parts.length).toBeGreaterThan(0);
    expect(end === undefined).toBe(!CustomAttributes.includes('break'));
  });

  it('reads a story while it is being told', async () => {
    const { Body, ContentType } = await relayed.send(
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName: 'storyteller',
        Body: JSON.stringify({ prompt: 'a garden' }),
        ContentType: 'application/json',
      }),
    );
    const { parts } = await readParts(Body);
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.join('')).toContain('garden');
    expect(ContentType).toMatch(/^text\//);
  });

  // SageMaker's own client would see a network error; through the relay the stream says what happened to it.
  it('is told by the stream of a connection to SageMaker that breaks', async () => {
    const { Body } = await relayed.send(
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName: 'puppet',
        Body: 'x',
        CustomAttributes: 'chunks=4,chunkBytes=9,paceMs=5,breakAfter=2,break=socket',
      }),
    );
    const { parts, end } = await readParts(Body);
    expect(parts).toHaveLength(2);
    expect(end).toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' });
  });

  it.each([
    ['with a name and an id of its own', { InferenceId: 'mine-1', Filename: 'answer' }],
    ['with those that SageMaker makes up', {}],
  ])('is told what it is told there of an asynchronous result, %s', async (_, own) => {
    const input = { EndpointName: 'puppet-async', Body: 'x', ContentType: 'text/plain', ...own };
    const answer = await expectTheSame('puppet-async', async (client) => {
      const place = client === relayed ? {} : { S3OutputPathExtension: extension };
      const { $metadata, ...rest } = await client.send(
        new InvokeEndpointAsyncCommand({ ...input, ...place }),
      );
      return withoutIds({ status: $metadata.httpStatusCode, ...rest });
    });
    expect(answer).toEqual({
      status: 202,
      InferenceId: 'InferenceId' in own ? own.InferenceId : '<id>',
      OutputLocation: expect.stringMatching(/^s3:\/\/.+\/(answer|<id>\.out)$/),
      FailureLocation: expect.stringMatching(/^s3:\/\/.+\/failures\/.+\/(answer|<id>)-error\.out$/),
    });
  });

  it.each([
    ['ValidationError', 'a time that cannot be', { Body: 'x', InvocationTimeoutSeconds: 3_601 }],
    ['ValidationError', 'no input', {}],
    ['ValidationError', 'an input that is too large', { Body: new Uint8Array(128_001) }],
    ['ThrottlingException', 'no room', { Body: 'x' }, 'throttle'],
    ['InternalFailure', 'a bad day', { Body: 'x' }, 'error'],
  ] as const)(
    'is refused an asynchronous invocation as there: %s, %s',
    async (name, _, own, fault?: 'throttle' | 'error') => {
      const error = await expectTheSame('puppet-async', async (client) => {
        // As often as the relay may ask.
        if (fault)
          for (const nth of [1, 2, 3])
            sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpointAsync', nth, fault });
        const error = await thrown(
          client.send(new InvokeEndpointAsyncCommand({ EndpointName: 'puppet-async', ...own })),
        );
        sandbox.clearFaults();
        return error;
      });
      expect(error).toMatchObject({ name });
    },
  );

  it('knows a model error as one', async () => {
    const thrown = await relayed
      .send(new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'x', CustomAttributes: 'status=418' }))
      .catch((error) => error);
    expect(thrown).toBeInstanceOf(ModelError);
    expect(thrown).toMatchObject({ OriginalStatusCode: 418 });
  });
});

/** Both ways, one after the other. Answers what came out of both. */
async function expectTheSame<T>(
  endpoint: string,
  look: (client: SageMakerRuntimeClient) => Promise<T>,
): Promise<T> {
  const client = direct[endpoint];
  if (!client) throw new Error(`There is no share of ${endpoint}.`);
  const theirs = await look(client);
  expect(await look(relayed)).toEqual(theirs);
  return theirs;
}

/** The parts of a stream as text, and the exception that ended it, if one did. */
async function readParts(events: InvokeEndpointWithResponseStreamCommandOutput['Body']) {
  const parts: string[] = [];
  try {
    for await (const { PayloadPart } of events ?? [])
      parts.push(Buffer.from(PayloadPart?.Bytes ?? []).toString());
    return { parts, end: undefined };
  } catch (error) {
    return { parts, end: described(error) };
  }
}

async function thrown(sent: Promise<unknown>) {
  return sent.then(
    () => {
      throw new Error('Nothing was thrown.');
    },
    (error: unknown) => described(error),
  );
}

/** All that a client can read from an exception, but for what tells one request from another. */
function described(error: unknown) {
  const {
    name,
    message,
    $fault,
    $metadata,
    $response: _,
    ...members
  } = error as SageMakerRuntimeServiceException;
  return {
    name,
    message,
    $fault,
    status: $metadata?.httpStatusCode,
    attempts: $metadata?.attempts,
    ...members,
  };
}

const madeUp = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function withoutIds(answer: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(madeUp, '<id>') : value,
    ]),
  );
}
