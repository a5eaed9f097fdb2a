import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault, ServiceRequest } from '../../../sandbox/types.ts';
import { aWorld } from '../iam/a-world.ts';
import { aFront, aService, echo, jsonOf, keys, send, signed } from './a-front.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A front that counts what its service did. */
function counted(scope = 'iam', crashed: string[] = []) {
  const done: string[] = [];
  const handle = async (request: ServiceRequest) => {
    done.push(request.path);
    return echo(request);
  };
  const front = aFront([aService(scope, handle)], { crashFunction: (id) => crashed.push(id) });
  return { front, done, crashed };
}

const aFault = (changes: Partial<Fault> = {}): Fault => ({
  service: 'iam',
  operation: 'Do',
  nth: 1,
  fault: 'throttle',
  ...changes,
});

describe('a fault', () => {
  it('strikes at its nth matching call, once, before any effect', async () => {
    const { front, done } = counted();
    front.addFault(aFault({ nth: 3 }));
    const statuses = [];
    for (const operation of ['Do', 'Other', 'Do', 'Do', 'Do'])
      statuses.push((await front.handle(await signed({ operation }))).status);
    expect(statuses).toEqual([200, 200, 200, 400, 200]);
    expect(done).toHaveLength(4);
    expect(front.calls[3]).toMatchObject({
      operation: 'Do',
      status: 400,
      errorCode: 'Throttling',
      fault: 'throttle',
    });
  });

  it('does not count calls that were refused for their signature', async () => {
    const { front } = counted();
    front.addFault(aFault());
    const forged = { ...keys, secretAccessKey: 'guessed' };
    expect((await front.handle(await signed({ credentials: forged }))).status).toBe(403);
    expect((await front.handle(await signed())).status).toBe(400);
  });

  it('of several due at one call the oldest strikes; with * any call matches; cleared none does', async () => {
    const { front } = counted();
    front.addFault(aFault({ service: '*', operation: '*', fault: 'error' }));
    front.addFault(aFault());
    front.addFault(aFault({ nth: 2 }));
    expect((await front.handle(await signed())).status).toBe(500);
    expect((await front.handle(await signed())).status).toBe(400);
    expect((await front.handle(await signed())).status).toBe(200);
    front.addFault(aFault());
    front.clearFaults();
    expect((await front.handle(await signed())).status).toBe(200);
  });

  const codes: readonly (readonly [string, string, string])[] = [
    ['iam', 'Throttling 400', 'ServiceFailure 500'],
    ['sts', 'Throttling 400', 'InternalFailure 500'],
    ['sns', 'Throttling 400', 'InternalError 500'],
    ['dynamodb', 'ThrottlingException 400', 'InternalServerError 500'],
    ['events', 'ThrottlingException 400', 'InternalException 500'],
    ['sagemaker', 'ThrottlingException 400', 'InternalFailure 500'],
    ['execute-api', 'TooManyRequestsException 429', 'InternalServerErrorException 500'],
    ['s3', 'SlowDown 503', 'InternalError 500'],
  ];
  it.each(codes)('in %s has its code', async (scope, ...expected) => {
    const { front } = counted(scope);
    for (const [at, fault] of (['throttle', 'error'] as const).entries()) {
      front.addFault(aFault({ service: scope, fault }));
      const response = await front.handle(await signed({ scope }));
      expect(`${(await jsonOf(response))['__type']} ${response.status}`).toBe(expected[at]);
    }
  });

  it('in process: silence is a time-out without effect, a lost reply a reset after it', async () => {
    const { front, done, crashed } = counted();
    front.addFault(aFault({ fault: 'timeout' }));
    await expect(front.handle(await signed())).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(done).toHaveLength(0);
    front.addFault(aFault({ fault: 'lost-reply' }));
    await expect(front.handle(await signed())).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(done).toHaveLength(1);
    front.addFault(aFault({ fault: 'crash' }));
    await expect(front.handle(await signed())).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(done).toHaveLength(2);
    expect(crashed).toEqual([keys.accessKeyId]);
    expect(front.calls.map(({ status, fault }) => [status, fault])).toEqual([
      [0, 'timeout'],
      [200, 'lost-reply'],
      [200, 'crash'],
    ]);
  });

  it('over a socket: silence lasts until the client gives up, a lost reply cuts the connection', async () => {
    const { front, done } = counted();
    const { port, close } = await front.listen(0);
    closing.push(close);
    front.addFault(aFault({ fault: 'lost-reply' }));
    await expect(send(port)).rejects.toThrow();
    expect(done).toHaveLength(1);
    front.addFault(aFault({ fault: 'timeout' }));
    await expect(send(port, {}, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(done).toHaveLength(1);
    expect((await send(port)).status).toBe(200);
  });

  it('does not keep the server from closing, however silent it is', async () => {
    const { front } = counted();
    const { port, close } = await front.listen(0);
    front.addFault(aFault({ fault: 'timeout' }));
    const silent = send(port).catch((error: unknown) => error);
    await expect.poll(() => front.calls.length).toBe(1);
    await close();
    expect(await silent).toBeInstanceOf(Error);
  });

  it('tells a stream that its reader is gone', async () => {
    let isTold = false;
    const stream = async function* () {
      try {
        yield Buffer.from('first');
        yield Buffer.from('second');
      } finally {
        isTold = true;
      }
    };
    const front = aFront([
      aService('iam', async () => {
        const body = stream();
        await body.next();
        return { status: 200, headers: {}, body };
      }),
    ]);
    front.addFault(aFault({ fault: 'lost-reply' }));
    await expect(front.handle(await signed())).rejects.toThrow();
    expect(isTold).toBe(true);
  });

  it('is retried by the SDK as the same fault of AWS would be', async () => {
    const { front, parent } = aWorld();
    const { createRequestHandler } = await import('../../../sandbox/front/request-handler.ts');
    const sts = new STSClient({
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1',
      credentials: parent.keys,
      maxAttempts: 4,
      requestHandler: createRequestHandler(front),
    });
    for (const [at, fault] of (['throttle', 'timeout', 'lost-reply'] as const).entries())
      front.addFault({ service: 'sts', operation: 'GetCallerIdentity', nth: at + 1, fault });
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Account).toBe('111111111111');
    expect(front.calls.map(({ fault }) => fault)).toEqual(['throttle', 'timeout', 'lost-reply', undefined]);
  });
});
