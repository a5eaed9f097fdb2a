import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Offer, offerSchema } from '../../../lib/contract/offer.ts';
import { access } from '../../support/access.ts';
import { ask } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('tells the child all it needs, and nothing that is the parent’s alone', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', {
    note: 'for nobody else',
    limits: { concurrency: 3 },
  });
  const offerUrl = offerUrlOf(sandbox, grant);
  const { status, json, headers } = await sandbox.asChild.get<Offer>(offerUrl);
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(offerSchema.parse(json)).toEqual(json);
  expect(json).toEqual({
    version: 1,
    grantId: grant.id,
    roleArn: grant.role.arn,
    externalId: grant.externalId,
    childAccountId: '222222222222',
    endpoint: { name: 'puppet', region: 'us-east-1' },
    modes: ['sync'],
    expiresAt: grant.expiresAt,
    limits: { concurrency: 3 },
    offerUrl,
  });
  const offered = { role: { arn: json.roleArn }, externalId: json.externalId, endpoint: grant.endpoint };
  expect(await access(sandbox, offered)).toBe('allowed');
});

it('tells the parent the same', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const ofChild = await sandbox.asChild.get(offerUrlOf(sandbox, grant));
  const ofParent = await sandbox.asParent.get(`/offers/${grant.id}`);
  expect([ofParent.status, ofParent.json]).toEqual([200, ofChild.json]);
});

it('says where asynchronous input and results lie', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet-async', { modes: ['async'] });
  const { json } = await sandbox.asChild.get<Offer>(offerUrlOf(sandbox, grant));
  const bucket = 's3://sharemaker-dev-async-111111111111-us-east-1';
  expect(json.async).toEqual({
    inputPrefix: `${bucket}/grants/${grant.id}/in/`,
    outputPrefix: `${bucket}/grants/${grant.id}/out/`,
    failurePrefix: `${bucket}/failures/grants/${grant.id}/out/`,
    outputPathExtension: `grants/${grant.id}/out`,
  });
});

it('goes on while the grant is suspended: the child need not subscribe again', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await ask(sandbox, grant, 'suspend');
  expect((await sandbox.asChild.get(offerUrlOf(sandbox, grant))).status).toBe(200);
});
