import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';
import type { Keys } from '../../support/signed-fetch.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet');
});
afterAll(() => sandbox?.close());

/** Across accounts both sides must allow; the parent's API allows offers to everybody. */
it('leaves it to the child which of its own people may read offers', async () => {
  const mayReadOffers = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Resource: 'arn:aws:execute-api:*:*:*/*/GET/offers/*',
    },
  };
  const [alice, bob] = [await aChildUser('alice', mayReadOffers), await aChildUser('bob')];
  const url = offerUrlOf(sandbox, grant);
  expect((await sandbox.asChild.get(url, { credentials: alice })).status).toBe(200);
  const refused = await sandbox.asChild.get(url, { credentials: bob });
  expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
});

it('answers nobody who does not sign', async () => {
  const { status, headers } = await fetch(offerUrlOf(sandbox, grant));
  expect([status, headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException']);
});

it('answers nobody whose signature is wrong', async () => {
  const credentials = { ...sandbox.describe.child.credentials, secretAccessKey: 'guessed' };
  const { status, text } = await sandbox.asChild.get(offerUrlOf(sandbox, grant), { credentials });
  expect(status).toBe(403);
  expect(text).not.toContain(grant.externalId);
});

async function aChildUser(UserName: string, policy?: object): Promise<Keys> {
  const iam = new IAMClient(sandbox.asChild.sdk);
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify(policy);
  if (policy) await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'offers', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}
