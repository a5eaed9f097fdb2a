import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  await aShare(sandbox, 'puppet', 'puppet');
});
afterAll(() => sandbox?.close());

const send = (bytes: number) =>
  sandbox.asChild.send('POST', '/endpoints/puppet/invocations', { body: new Uint8Array(bytes) });

// The first reaches the relay, the second Lambda refuses, the third API Gateway.
it.each([4_500_001, 6_000_000, 11_000_000])('names the two ways out of a body of %i bytes', async (bytes) => {
  const answer = await send(bytes);
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([413, 'PayloadTooLargeException']);
  expect(answer.json['Message']).toMatch(/async-uploads .*credential-process/);
});

it('carries 4.5 MB', async () => {
  const answer = await send(4_500_000);
  expect([answer.status, answer.bytes.length]).toEqual([200, 4_500_000]);
});
