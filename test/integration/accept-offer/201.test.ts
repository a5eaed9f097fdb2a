import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('accepts an offer by its URL, after a probe and without running the model', async () => {
  const grant = await anActiveGrant(sandbox, 'Iris-Classifier', { modes: ['sync', 'stream'] });
  const ranBefore = sandbox.sageMaker.invocations.length;
  const offerUrl = offerUrlOf(sandbox, grant);
  const answer = await sandbox.asChild.post('/subscriptions', { alias: 'iris', offerUrl });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe(`${sandbox.describe.child.apiUrl}/subscriptions/iris`);
  expect(answer.json).toEqual({
    alias: 'iris',
    grantId: grant.id,
    roleArn: grant.role.arn,
    endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
    modes: ['sync', 'stream'],
    expiresAt: grant.expiresAt,
    status: 'active',
    checkedAt: expect.any(String),
    acceptedAt: expect.any(String),
    acceptedBy: 'arn:aws:iam::222222222222:user/admin',
    offerUrl,
    version: 1,
  });
  expect(sandbox.sageMaker.invocations.length).toBe(ranBefore);
  expect(sandbox.calls.some(({ operation }) => operation === 'AssumeRole')).toBe(true);
});

it('accepts an offer given whole, and the same one again', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const { json: offer } = await sandbox.asChild.get(offerUrlOf(sandbox, grant));
  const first = await sandbox.asChild.post('/subscriptions', { alias: 'puppet', offer });
  const again = await sandbox.asChild.post('/subscriptions', { alias: 'puppet', offer });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.json).toMatchObject({ grantId: grant.id, status: 'active', version: 2 });
});

it('accepts a grant for certain models, and one for asynchronous inference alone', async () => {
  const some = await anActiveGrant(sandbox, 'puppet', { targets: { models: ['tenant-a/*'] } });
  const later = await anActiveGrant(sandbox, 'puppet-async', { modes: ['async'] });
  for (const [alias, grant] of [
    ['some', some],
    ['later', later],
  ] as const) {
    const answer = await sandbox.asChild.post('/subscriptions', {
      alias,
      offerUrl: offerUrlOf(sandbox, grant),
    });
    expect([answer.status, answer.json['status']]).toEqual([201, 'active']);
  }
});

it('accepts a grant that demands to know who calls', async () => {
  const grant = await anActiveGrant(sandbox, 'storyteller', { recordCaller: true });
  const answer = await sandbox.asChild.post('/subscriptions', {
    alias: 'story',
    offerUrl: offerUrlOf(sandbox, grant),
  });
  expect(answer.status).toBe(201);
});
