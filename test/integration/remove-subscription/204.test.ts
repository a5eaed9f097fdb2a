import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('forgets a subscription and leaves the grant to its parent', async () => {
  const { grant } = await aShare(sandbox, 'iris', 'Iris-Classifier');
  const removed = await sandbox.asChild.delete('/subscriptions/iris');
  expect([removed.status, removed.text]).toEqual([204, '']);
  expect((await sandbox.asChild.get('/subscriptions/iris')).status).toBe(404);
  expect((await sandbox.asParent.get(`/grants/${grant.id}`)).json).toMatchObject({ status: 'active' });
  const invoked = await sandbox.asChild.send('POST', '/endpoints/iris/invocations', { body: '1' });
  expect([invoked.status, invoked.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError']);
});

it('answers 404 for what is not there', async () => {
  const answer = await sandbox.asChild.delete('/subscriptions/iris');
  expect([answer.status, answer.json['code']]).toEqual([404, 'subscription.not_found']);
});
