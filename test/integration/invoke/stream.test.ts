import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, relayedResponse } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  await aShare(sandbox, 'puppet', 'puppet', { modes: ['sync', 'stream'] });
  await aShare(sandbox, 'story', 'storyteller', { modes: ['stream'] });
});
afterAll(() => sandbox?.close());

const path = '/endpoints/puppet/invocations-response-stream';
const orders = (text: string) => ({ 'x-amzn-sagemaker-custom-attributes': text });
const usage = (): readonly Record<string, unknown>[] =>
  sandbox.logs
    .filter((entry) => entry.function === 'invoke' && entry.line.includes('"_aws"'))
    .map(({ line }) => JSON.parse(line) as Record<string, unknown>);

it('reaches the caller before the model has finished', async () => {
  const response = await relayedResponse(sandbox, path, {
    body: 'x',
    headers: orders('chunks=3,chunkBytes=10,paceMs=400'),
  });
  const startedAt = performance.now();
  const reader = response.body?.getReader();
  await reader?.read();
  const firstMs = performance.now() - startedAt;
  while (!(await reader?.read())?.done);
  const allMs = performance.now() - startedAt;
  expect(allMs - firstMs).toBeGreaterThan(1_000);
});

/** Reads the first of the model's chunks and leaves. Answers what the relay then says of the invocation. */
async function leaveAfterTheFirstChunk(order: string): Promise<unknown> {
  const before = usage().length;
  const gone = new AbortController();
  const response = await relayedResponse(sandbox, path, {
    body: 'x',
    headers: orders(order),
    signal: gone.signal,
  });
  await response.body?.getReader().read();
  gone.abort();
  await expect.poll(() => usage().length, { timeout: 20_000 }).toBe(before + 1);
  return usage().at(-1)?.['outcome'];
}

it('stops the model when the caller leaves, and counts it, where the front door tells', async () => {
  sandbox.tellDepartures(true);
  expect(await leaveAfterTheFirstChunk('chunks=100,chunkBytes=10,paceMs=200')).toBe('client-left');
  sandbox.tellDepartures(false);
});

it('goes on to the end of the stream when the caller leaves and nobody tells, as in AWS', async () => {
  expect(await leaveAfterTheFirstChunk('chunks=10,chunkBytes=10,paceMs=50')).toBe('ok');
});

it('comes as server-sent events to who asks for them', async () => {
  const response = await relayedResponse(sandbox, '/endpoints/story/invocations-response-stream', {
    body: '{"prompt":"a garden"}',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const text = await response.text();
  expect(text).toMatch(/^data: /);
  expect(text.endsWith('event: done\ndata: \n\n')).toBe(true);
  expect(text.match(/^data: /gm)?.length).toBeGreaterThan(5);
});

it('is refused where the grant does not have the mode', async () => {
  const answer = await sandbox.asChild.send('POST', '/endpoints/story/invocations', { body: '{}' });
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
  expect(answer.json['Message']).toContain('allows stream, not sync');
});
