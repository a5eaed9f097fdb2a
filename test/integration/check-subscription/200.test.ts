import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, type Share } from '../../support/share.ts';

let sandbox: TestSandbox;
let share: Share;
beforeAll(async () => {
  sandbox = await startSandbox();
  share = await aShare(sandbox, 'iris', 'Iris-Classifier');
});
afterAll(() => sandbox?.close());

const check = () => sandbox.asChild.post('/subscriptions/iris/check');
const settle = async (path: string, status: string) => {
  let grant = (await sandbox.asParent.post<Grant>(`/grants/${share.grant.id}${path}`, {})).json;
  for (let step = 0; grant.status !== status && step < 10; step += 1) {
    await sandbox.runSchedule('advance-grants');
    grant = (await sandbox.asParent.get<Grant>(`/grants/${share.grant.id}`)).json;
  }
  expect(grant.status).toBe(status);
};

it('says that a working subscription is active', async () => {
  const answer = await check();
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ alias: 'iris', status: 'active', version: 2 });
});

it('says that a revoked one is broken, and why, and stores it', async () => {
  await settle('/revoke', 'revoked');
  const answer = await check();
  expect(answer.json).toMatchObject({
    status: 'broken',
    detail: expect.stringMatching(/share role|SageMaker/),
  });
  expect((await sandbox.asChild.get('/subscriptions/iris')).json).toEqual(answer.json);
});

it('answers 404 for an alias that nobody accepted', async () => {
  const answer = await sandbox.asChild.post('/subscriptions/nobody/check');
  expect([answer.status, answer.json['code']]).toEqual([404, 'subscription.not_found']);
});
