import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../sandbox/lambda/environment.ts';
import { aLambda } from './a-lambda.ts';

let rig: Awaited<ReturnType<typeof aLambda>>;
beforeEach(async () => {
  rig = await aLambda();
});
afterEach(() => {
  vi.unstubAllEnvs();
  return rig.lambda.close();
});

describe('a function', () => {
  it('is given its event and answers JSON', async () => {
    expect(await call({ do: 'echo', value: [1, 'ä'] })).toEqual({ do: 'echo', value: [1, 'ä'] });
    expect(await call({ do: 'nothing' })).toBeNull();
  });

  it('sees its own variables, its own credentials, and none of this process', async () => {
    vi.stubEnv('SHAREMAKER_SECRET_OF_THE_HOST', 'x');
    const variables = (await call({ do: 'environment' })) as Record<string, string>;
    expect(variables).toMatchObject({
      MINE: 'yes',
      AWS_ACCESS_KEY_ID: rig.keys[0],
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'handler',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    expect(variables).not.toHaveProperty('SHAREMAKER_SECRET_OF_THE_HOST');
    for (const name of ['PATH', 'NODE_COMPILE_CACHE']) expect(variables).not.toHaveProperty(name);
  });

  it('reads the time from the clock of the sandbox, also after it was advanced', async () => {
    await expectTime();
    rig.clock.advance(3_600_000);
    await expectTime();
  });

  it('is told how long it has left, whatever the clock does', async () => {
    rig.clock.advance(3_600_000);
    const left = await call({ do: 'remaining' });
    expect(left).toBeGreaterThan(4_000);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  it('leaves its lines in the log, with the request they belong to', async () => {
    await call({ do: 'say', value: 'hello' });
    await vi.waitFor(() => expect(rig.lambda.logs).toHaveLength(2));
    const [first, second] = rig.lambda.logs;
    expect(first!.line).toBe(`hello ${first!.requestId}`);
    expect(second).toMatchObject({ function: 'handler', line: 'second line' });
  });
});

describe('an environment', () => {
  it('is used again, so that what a function keeps stays', async () => {
    expect([await call({ do: 'count' }), await call({ do: 'count' }), await call({ do: 'count' })]).toEqual([
      1, 2, 3,
    ]);
    expect(rig.keys).toHaveLength(1);
  });

  it('handles one event at a time: a second one starts another', async () => {
    const counts = await Promise.all([call({ do: 'wait', value: 200 }), call({ do: 'wait', value: 200 })]);
    expect(counts).toEqual([1, 1]);
    expect(rig.keys).toHaveLength(2);
  });

  it('is waited for when all that may be are busy', async () => {
    await rig.lambda.close();
    rig = await aLambda({ environmentsMax: 2 });
    const counts = await Promise.all(Array.from({ length: 6 }, () => call({ do: 'wait', value: 20 })));
    expect(rig.keys).toHaveLength(2);
    expect(counts).toHaveLength(6);
  });

  it('is replaced before its credentials end', async () => {
    await call({ do: 'count' });
    rig.clock.advance(11.9 * 3_600_000);
    expect(await call({ do: 'count' })).toBe(2);
    rig.clock.advance(0.1 * 3_600_000);
    expect(await call({ do: 'count' })).toBe(1);
    expect(rig.keys).toHaveLength(2);
  });

  it('is known by its own keys and by those of the roles it assumed', async () => {
    const hanging = rig.invoke('handler', { do: 'hang' });
    await vi.waitFor(() => expect(rig.keys).toHaveLength(1));
    rig.chain('ASIACHAINED');
    expect(rig.lambda.functionOf('ASIACHAINED')).toBe('handler');
    expect(rig.lambda.functionOf('ASIASTRANGER')).toBeUndefined();
    rig.lambda.crash('ASIACHAINED');
    expect(await hanging).toMatchObject({ type: 'failure' });
  });

  it('that is killed fails its invocation, and the next one starts afresh', async () => {
    const hanging = rig.invoke('handler', { do: 'hang' });
    await vi.waitFor(() => expect(rig.keys).toHaveLength(1));
    expect(rig.lambda.functionOf(rig.keys[0]!)).toBe('handler');
    rig.lambda.crash(rig.keys[0]!);
    expect(await hanging).toMatchObject({ type: 'failure', failure: { errorType: 'Runtime.ExitError' } });
    expect(await call({ do: 'count' })).toBe(1);
  });
});

describe('a failure', () => {
  it('carries the type, message and trace of what was thrown, and leaves the environment alive', async () => {
    const outcome = await rig.invoke('handler', { do: 'fail' });
    expect(outcome).toMatchObject({ failure: { errorType: 'TypeError', errorMessage: 'no luck' } });
    expect(await call({ do: 'count' })).toBe(2);
  });

  it.each([
    ['an unhandled rejection', 'reject', 'Error'],
    ['an exit', 'exit', 'Runtime.ExitError'],
  ])('ends the environment after %s', async (_, deed, errorType) => {
    expect(await rig.invoke('handler', { do: deed })).toMatchObject({ failure: { errorType } });
    expect(await call({ do: 'count' })).toBe(1);
  });

  it('comes when the time is up', async () => {
    await rig.lambda.close();
    rig = await aLambda({ timeoutMs: 300 });
    const outcome = await rig.invoke('handler', { do: 'hang' });
    expect(outcome).toMatchObject({ failure: { errorType: 'Sandbox.Timedout' } });
    expect((outcome as Failed).failure.errorMessage).toMatch(/Task timed out after 0.30 seconds$/);
    expect(await call({ do: 'count' })).toBe(1);
  });

  it.each([
    ['callback', 'Runtime.CallbackHandlerDeprecated'],
    ['missing', 'Runtime.HandlerNotFound'],
  ])('comes at once from a handler Lambda cannot run: %s', async (name, errorType) => {
    expect(await rig.invoke(name, {})).toMatchObject({ failure: { errorType } });
  });

  it('is thrown for a function that does not exist', async () => {
    await expect(rig.invoke('nobody', {})).rejects.toThrow('Function not found: nobody');
  });
});

describe('a stream', () => {
  it('begins with the prelude and eight NUL bytes at the first write, and comes while the function still runs', async () => {
    const chunks = await chunksOf('two');
    expect(chunks).toHaveLength(2);
    const [prelude, first] = chunks[0]!.split('\0'.repeat(8));
    expect(JSON.parse(prelude!)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'x-mine': 'yes' },
    });
    expect([first, chunks[1]]).toEqual(['one ', 'two']);
  });

  it('may have an empty body, if that is written', async () => {
    expect(await chunksOf('empty')).toEqual([`{"statusCode":204}${'\0'.repeat(8)}`]);
  });

  it('sends nothing at all, no status either, when nothing is written', async () => {
    expect(await rig.invoke('streaming', { do: 'unwritten' })).toEqual({ type: 'result', payload: '' });
  });

  it('that never began is a failure; one that had begun breaks', async () => {
    expect(await rig.invoke('streaming', { do: 'failBefore' })).toMatchObject({
      failure: { errorType: 'TypeError' },
    });
    await expect(chunksOf('failAfter')).rejects.toThrow('The function failed: TypeError');
  });

  it('goes no faster than it is read, and tells the function when nobody reads on', async () => {
    const outcome = await rig.invoke('streaming', { do: 'endless' });
    for await (const _ of (outcome as Streamed).chunks) break;
    await vi.waitFor(() => expect(rig.lambda.logs.at(-1)?.line).toBe('stopped'));
    expect(rig.lambda.logs.filter(({ line }) => line.startsWith('sent'))).toHaveLength(1);
    // The environment is free again.
    expect(await chunksOf('two')).toHaveLength(2);
    expect(rig.keys).toHaveLength(1);
  });
});

type Failed = Extract<Outcome, { type: 'failure' }>;
type Streamed = Extract<Outcome, { type: 'stream' }>;

async function call(event: unknown): Promise<unknown> {
  const outcome = await rig.invoke('handler', event);
  if (outcome.type !== 'result') throw new Error(JSON.stringify(outcome));
  return JSON.parse(outcome.payload);
}

async function chunksOf(deed: string): Promise<string[]> {
  const outcome = await rig.invoke('streaming', { do: deed });
  if (outcome.type !== 'stream') throw new Error(JSON.stringify(outcome));
  const chunks: string[] = [];
  for await (const chunk of outcome.chunks) chunks.push(Buffer.from(chunk).toString());
  return chunks;
}

async function expectTime(): Promise<void> {
  const before = rig.clock.now();
  const [now, constructed, fixed, isDate] = (await call({ do: 'now' })) as [number, string, number, boolean];
  for (const time of [now, Date.parse(constructed)]) {
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(rig.clock.now());
  }
  expect([fixed, isDate]).toEqual([5, true]);
}
