import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('answers what was accepted, without the external id', async () => {
  const { subscription, grant } = await aShare(sandbox, 'iris', 'Iris-Classifier');
  const answer = await sandbox.asChild.get('/subscriptions/iris');
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(subscription);
  expect(answer.text).not.toContain(grant.externalId);
});

it('says that it has expired once its date has passed', async () => {
  sandbox.advanceClock(91 * 86_400);
  expect((await sandbox.asChild.get('/subscriptions/iris')).json).toMatchObject({ status: 'expired' });
});

it('answers 404 for an alias that nobody accepted', async () => {
  const answer = await sandbox.asChild.get('/subscriptions/nobody');
  expect([answer.status, answer.json['code']]).toEqual([404, 'subscription.not_found']);
});

it('is for this account alone', async () => {
  const foreign = `${sandbox.describe.child.apiUrl}/subscriptions/iris`;
  expect((await sandbox.asParent.get(foreign)).status).toBe(403);
  expect((await sandbox.asOutsider.get(foreign)).status).toBe(403);
});
