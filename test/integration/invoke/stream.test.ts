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
    headers: orders('chunks=3,paceMs=400'),
  });
  const startedAt = performance.now();
  const reader = response.body?.getReader();
  await reader?.read();
  const firstMs = performance.now() - startedAt;
  while (!(await reader?.read())?.done);
  const allMs = performance.now() - startedAt;
  expect(allMs - firstMs).toBeGreaterThan(300);
});

it('stops the model when the caller leaves, and counts it', async () => {
  const gone = new AbortController();
  const response = await relayedResponse(sandbox, path, {
    body: 'x',
    headers: orders('chunks=100,paceMs=100'),
    signal: gone.signal,
  });
  await response.body?.getReader().read();
  gone.abort();
  await expect.poll(() => usage().map(({ outcome }) => outcome), { timeout: 5_000 }).toContain('client-left');
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
