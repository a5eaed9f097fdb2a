import {
  InvokeEndpointWithResponseStreamCommand,
  type InvokeEndpointWithResponseStreamCommandInput,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../../../sandbox/sagemaker/models/model.ts';
import { aRequest, parentAccount } from '../service-adapter.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

/** Models have no more than a moment. */
async function hurry() {
  stage.close();
  stage = await openStage({ limits: { responseMs: 60, streamMs: 200 } });
}

const open = (changes: Partial<InvokeEndpointWithResponseStreamCommandInput> = {}) =>
  stage.runtime.send(
    new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'puppet', Body: 'hello world', ...changes }),
  );

/** The parts until the end or the error, both kept. */
async function drain(answer: Awaited<ReturnType<typeof open>>) {
  const parts: string[] = [];
  try {
    for await (const event of answer.Body ?? [])
      if (event.PayloadPart) parts.push(Buffer.from(event.PayloadPart.Bytes ?? []).toString());
    return { parts };
  } catch (error) {
    return { parts, error: error as Error & { ErrorCode?: string } };
  }
}

describe('a stream', () => {
  it('is the text of the model, part by part, with the headers of the answer', async () => {
    const answer = await open({ ContentType: 'text/plain', CustomAttributes: 'chunks=3' });
    expect(answer).toMatchObject({
      ContentType: 'text/plain',
      InvokedProductionVariant: 'AllTraffic',
      CustomAttributes: 'chunks=3',
    });
    const { parts, error } = await drain(answer);
    expect(error).toBeUndefined();
    expect(parts).toHaveLength(3);
    expect(parts.join('')).toBe('hello world');
  });

  it('is one part when the model answers at once, and none for an empty body', async () => {
    expect((await drain(await open())).parts).toEqual(['hello world']);
    expect((await drain(await open({ Body: '' }))).parts).toEqual([]);
  });

  it('gives its first part long before its end', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const model: Model = {
      invoke: async () => ({
        kind: 'reply',
        contentType: 'text/plain',
        body: (async function* () {
          yield Buffer.from('first');
          await held;
          yield Buffer.from('last');
        })(),
      }),
    };
    stage.sageMaker.addEndpoint({ accountId: parentAccount, name: 'slow', model });
    const answer = await open({ EndpointName: 'slow' });
    const events = answer.Body?.[Symbol.asyncIterator]();
    const first = await events?.next();
    expect(Buffer.from(first?.value?.PayloadPart?.Bytes).toString()).toBe('first');
    release();
    expect(Buffer.from((await events?.next())?.value?.PayloadPart?.Bytes).toString()).toBe('last');
    expect((await events?.next())?.done).toBe(true);
  });

  it('splits what is long into parts of 128 KB', async () => {
    const { parts } = await drain(await open({ CustomAttributes: 'chunks=1,chunkBytes=300000' }));
    expect(parts.map((part) => part.length)).toEqual([131_072, 131_072, 37_856]);
  });

  it('is framed as AWS frames it', async () => {
    const response = await stage.sageMaker.service.handle(
      aRequest({ path: '/endpoints/puppet/invocations-response-stream', body: Buffer.from('hi') }),
    );
    expect(response.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-sagemaker-content-type': 'application/octet-stream',
    });
    const frames: Buffer[] = [];
    for await (const frame of response.body as AsyncIterable<Uint8Array>) frames.push(Buffer.from(frame));
    // Length, length of headers, their checksum; headers; "hi"; checksum of it all.
    const [frame = Buffer.alloc(0)] = frames;
    expect(frames).toHaveLength(1);
    expect(frame.readUInt32BE(0)).toBe(frame.length);
    expect(frame.subarray(-6, -4).toString()).toBe('hi');
    for (const text of [':event-type', 'PayloadPart', ':message-type', 'event', 'application/octet-stream'])
      expect(frame.includes(text)).toBe(true);
  });
});

describe('a stream that breaks', () => {
  it.each([
    ['StreamBroken', 'ModelStreamError', 'StreamBroken'],
    ['ModelInvocationTimeExceeded', 'ModelStreamError', 'ModelInvocationTimeExceeded'],
    ['InternalStreamFailure', 'InternalStreamFailure', undefined],
  ])('with %s says so in band, after the parts that came', async (order, name, code) => {
    const CustomAttributes = `chunks=5,chunkBytes=3,breakAfter=2,break=${order}`;
    const { parts, error } = await drain(await open({ CustomAttributes }));
    expect(parts).toEqual(['pup', 'pup']);
    expect(error).toMatchObject({ name });
    expect(error?.ErrorCode).toBe(code);
  });

  it('without a word is cut', async () => {
    const CustomAttributes = 'chunks=5,chunkBytes=3,breakAfter=2,break=socket';
    // How much of it arrives before the cut is up to the network.
    const { error } = await open({ CustomAttributes }).then(drain, (error: Error) => ({ error }));
    expect(error).toBeInstanceOf(Error);
    expect(['ModelStreamError', 'InternalStreamFailure']).not.toContain(error?.name);
  });

  it('because it took too long says ModelInvocationTimeExceeded', async () => {
    await hurry();
    const { parts, error } = await drain(
      await open({ CustomAttributes: 'chunks=1000,chunkBytes=1,paceMs=50' }),
    );
    expect(parts.length).toBeGreaterThan(0);
    expect(error).toMatchObject({ name: 'ModelStreamError', ErrorCode: 'ModelInvocationTimeExceeded' });
  });
});

describe('a model', () => {
  /** Streams until its signal aborts, and says when it did. */
  function endless() {
    const told = Promise.withResolvers<void>();
    const model: Model = {
      invoke: async ({ signal }) => {
        signal.addEventListener('abort', () => told.resolve());
        return {
          kind: 'reply',
          contentType: 'text/plain',
          body: (async function* () {
            yield Buffer.from('on and on');
            await new Promise<void>((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason)),
            );
          })(),
        };
      },
    };
    return { model, told: told.promise };
  }

  it('is told when its reader goes away', async () => {
    const { model, told } = endless();
    stage.sageMaker.addEndpoint({ accountId: parentAccount, name: 'endless', model });
    const gone = new AbortController();
    const answer = await stage.runtime.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'endless', Body: 'x' }),
      { abortSignal: gone.signal },
    );
    await answer.Body?.[Symbol.asyncIterator]().next();
    gone.abort();
    stage.server.close();
    await told;
  });

  it('is told when its time is up', async () => {
    await hurry();
    const { model, told } = endless();
    stage.sageMaker.addEndpoint({ accountId: parentAccount, name: 'endless', model });
    await drain(await open({ EndpointName: 'endless' }));
    await told;
  });
});

describe('before the stream begins', () => {
  it('failures are statuses: ModelError 424, timeouts, refusals', async () => {
    await expect(open({ CustomAttributes: 'status=500' })).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 500,
    });
    await expect(open({ CustomAttributes: 'error=ServiceUnavailable' })).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    });
    await hurry();
    await expect(open({ CustomAttributes: 'delayMs=60000' })).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
    });
  });

  it('both InvokeEndpoint and InvokeEndpointWithResponseStream must be allowed', async () => {
    await open();
    const both = ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'];
    expect(stage.questions.map(({ action }) => action)).toEqual(both);
    for (const denied of both) {
      stage.rules.isAllowed = ({ action }) => action !== denied;
      await expect(open()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
  });

  it('a variant that does not exist is ValidationError, and no model runs', async () => {
    await expect(open({ TargetVariant: 'none' })).rejects.toMatchObject({ name: 'ValidationError' });
    expect(stage.sageMaker.invocations).toEqual([]);
  });

  it('a session cannot be begun', async () => {
    await expect(open({ SessionId: 'NEW_SESSION' })).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining("'sessionId'"),
    });
  });

  it('an asynchronous endpoint does not stream', async () => {
    await expect(open({ EndpointName: 'puppet-async' })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
