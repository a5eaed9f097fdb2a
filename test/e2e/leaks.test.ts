/** The search that every sandbox and every relay of the tests ends with does find what it is for. */

import { expect, it } from 'vitest';
import { bundle } from '../../sandbox/lambda/bundle.ts';
import { repository } from '../../sandbox/stack/stack.ts';
import { aFunction, aStack } from '../sandbox/lambda/a-lambda.ts';
import { type EventChange, openLab } from '../support/relay-lab.ts';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';
import { aShare, offerUrlOf } from '../support/share.ts';

/** A function of the parent that writes what it is given. */
async function leak(sandbox: TestSandbox, value: string): Promise<void> {
  const { accountId } = sandbox.describe.parent;
  const { arn } = sandbox.iam.seedRole(accountId, {
    name: 'talkative',
    trust: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    },
  });
  const file = 'test/sandbox/lambda/fixtures/functions/answers';
  const talkative = aFunction({
    key: 'talkative',
    name: 'talkative',
    handler: `${file}.handler`,
    roleArn: arn,
  });
  sandbox.lambda.deploy(aStack([talkative]), await bundle([`${file}.ts`], repository));
  await sandbox.lambda.invoke(accountId, 'talkative', { do: 'say', value });
  await expect.poll(() => sandbox.logs.some((entry) => entry.function === 'talkative')).toBe(true);
}

const secretsOf: readonly [string, (sandbox: TestSandbox) => Promise<string>][] = [
  ['secret key', async ({ describe }) => describe.child.credentials.secretAccessKey],
  [
    'external id',
    async (sandbox) => {
      const { grant } = await aShare(sandbox, 'leaky', 'puppet');
      return Buffer.from(`{"${grant.externalId}"}`).toString('base64');
    },
  ],
  [
    'payload',
    async (sandbox) => {
      await aShare(sandbox, 'leaky', 'puppet');
      const body = 'weight,height\n71,180';
      await sandbox.asChild.send('POST', '/endpoints/leaky/invocations', { body });
      return JSON.stringify({ body });
    },
  ],
  [
    'payload',
    async (sandbox) => {
      const body = 'refused,before\nSageMaker,heard';
      const { status } = await sandbox.asChild.send('POST', '/endpoints/nobodys/invocations', { body });
      expect(status).toBe(400);
      return JSON.stringify({ body });
    },
  ],
  [
    'signature',
    async (sandbox) => {
      const { grant } = await aShare(sandbox, 'leaky', 'puppet-async', { modes: ['async'] });
      expect(offerUrlOf(sandbox, grant)).toContain(grant.id);
      const { json } = await sandbox.asChild.post<{ uploadUrl: string }>('/endpoints/leaky/async-uploads');
      return json.uploadUrl;
    },
  ],
];

it.each(secretsOf)('a sandbox whose function wrote a %s does not close in peace', async (kind, secretOf) => {
  const sandbox = await startSandbox();
  const secret = await secretOf(sandbox);
  await leak(sandbox, secret);
  const error = await sandbox.close().then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error?.message).toContain(`${kind} in: talkative: `);
  expect(error?.message).not.toContain(secret);
});

it('a relay that printed the body it was sent does not close in peace', async () => {
  const lab = await openLab();
  await lab.subscribe();
  const body = 'weight,height 71,180';
  expect((await lab.send({ body })).status).toBe(200);
  lab.surroundings.print(JSON.stringify({ body }));
  await expect(lab.close()).rejects.toThrow('payload in: relay: ');
});

const refused: readonly [string, EventChange, (change: EventChange) => unknown][] = [
  ['payload', { alias: 'nobodys', body: 'weight,height 71,180' }, ({ body }) => body],
  ['header', { alias: 'nobodys', headers: { 'x-note': 'weight,height 71,180' } }, ({ headers }) => headers],
];

it.each(refused)('nor does one that printed a %s which it refused', async (kind, change, said) => {
  const lab = await openLab();
  expect((await lab.send(change)).status).toBe(400);
  lab.surroundings.print(JSON.stringify({ said: said(change) }));
  await expect(lab.close()).rejects.toThrow(`${kind} in: relay: `);
});
