/** Unused grants: warned of, announced, and suspended only by an audit after the one that announced it. */

import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import { childId, openParent, type ParentAccount, parentId } from '../../../bench/audit/account.ts';
import { runAudit } from '../../../lib/audit/audit.ts';
import type { Found } from '../../../lib/audit/findings.ts';
import type { UnusedRules } from '../../../lib/audit/use.ts';
import type { GrantRecord } from '../../../lib/grant/grant.ts';
import { toItem } from '../../../lib/grant/grant-item.ts';
import { createRequestHandler } from '../../../sandbox/front/request-handler.ts';

const day = 86_400_000;
const rules = { warnDays: 30, suspendDays: 60 };

let account: ParentAccount;
let grant: GrantRecord;
beforeEach(async () => {
  account = await openParent();
  grant = await settle(40);
});
afterEach(() => account.close());

it('says nothing unless it was asked to', async () => {
  expect(await audit('repair', {})).toEqual([]);
});

it('warns, and announces in the history what it will do', async () => {
  const [found] = await audit('report', rules);
  expect(found?.finding).toMatchObject({ code: 'grant.unused', severity: 'low', subject: grant.id });
  expect(found?.finding.evidence[0]).toMatch(/^Not used since .*: 40 days\.$/);
  expect(found?.finding.evidence[1]).toMatch(
    /suspends it after 60 days, once an earlier audit has announced it/,
  );
  const record = await read();
  expect(record.status).toBe('active');
  expect(record.history.at(-1)?.event).toBe('grant.unused');
  expect(record.unusedSince).toBeDefined();
});

it('announces once, however often it is audited', async () => {
  for (let count = 0; count < 3; count++) {
    expect(await audit('report', rules)).toHaveLength(1);
    account.clock.advance(3_600_000);
  }
  const events = (await read()).history.filter(({ event }) => event === 'grant.unused');
  expect(events).toHaveLength(1);
});

it('suspends what was announced by an earlier audit, in mode repair and not before', async () => {
  await audit('repair', rules);
  expect((await read()).status).toBe('active');
  account.clock.advance(25 * day);

  const [reported] = await audit('report', rules);
  expect(reported?.finding.repair).toBe('reported');
  expect((await read()).status).toBe('active');

  const [repaired] = await audit('repair', rules);
  expect(repaired?.finding).toMatchObject({ repair: 'repaired', repairDetail: 'The grant is suspended.' });
  expect((await read()).status).toBe('suspended');
  expect(await audit('repair', rules)).toEqual([]);
});

it('never suspends in the audit that announces, however late that is', async () => {
  account.clock.advance(60 * day);
  const [first] = await audit('repair', rules);
  expect(first?.finding.repair).toBe('reported');
  expect((await read()).status).toBe('active');
  account.clock.advance(3_600_000);
  const [second] = await audit('repair', rules);
  expect(second?.finding.repair).toBe('repaired');
});

it('forgets the announcement when the child uses the grant', async () => {
  await audit('repair', rules);
  account.clock.advance(10 * day);
  await useAsChild();
  account.clock.advance(3_600_000);
  expect(await audit('repair', rules)).toEqual([]);
  account.clock.advance(31 * day);
  const [found] = await audit('repair', rules);
  expect(found?.finding.repair).toBe('reported');
  expect(found?.finding.evidence[0]).toMatch(/: 31 days\.$/);
  expect((await read()).status).toBe('active');
});

it('leaves a busy grant alone although IAM is hours behind, and every audit may probe it', async () => {
  const soon = { warnDays: 1, suspendDays: 2 };
  account.iam.setLastUsedLag(4 * 3600);
  await useAsChild();
  account.clock.advance(4 * 3_600_000);
  let probed = 0;
  for (let hour = 0; hour < 80; hour++) {
    await useAsChild();
    account.clock.advance(1_800_000);
    const before = (await read()).sampledAt;
    expect(await audit('repair', soon)).toEqual([]);
    if ((await read()).sampledAt !== before) probed++;
    account.clock.advance(1_800_000);
  }
  expect(probed).toBeGreaterThan(10);
  expect((await read()).status).toBe('active');
});

async function settle(ageDays: number): Promise<GrantRecord> {
  const now = account.clock.now();
  const around = { ...account, parentAccountId: parentId, now };
  const { endpoints } = account.auditor().broker;
  const { createdAt } = await endpoints.describe('puppet', 'us-east-1');
  const plain = aGrant(around, 1, { createdAt: new Date(now - ageDays * day).toISOString() });
  const endpoint = {
    name: 'puppet',
    region: 'us-east-1',
    arn: `arn:aws:sagemaker:us-east-1:${parentId}:endpoint/puppet`,
    createdAt,
  };
  const draft = { ...plain, endpoint, expiresAt: new Date(now + 300 * day).toISOString() };
  const { id } = account.iam.seedRole(parentId, roleOf(draft, around));
  const record = { ...draft, role: { ...draft.role, id } };
  await account.adminDynamo.send(
    new PutCommand({ TableName: account.grantsTable, Item: toItem(record, undefined) }),
  );
  return record;
}

async function audit(mode: 'report' | 'repair', unused: UnusedRules): Promise<Found[]> {
  const auditor = account.auditor({ unused });
  const record = await runAudit(auditor, { mode, by: 'test' }, account.clock.now() + 900_000);
  expect(record.status).toBe('finished');
  const found: Found[] = [];
  for (let chunk = 0; chunk < record.chunks; chunk++)
    found.push(...(await auditor.audits.getChunk(record.id, chunk)));
  return found;
}

async function read(): Promise<GrantRecord> {
  return (await account.auditor().broker.store.require(grant.id)).record;
}

async function useAsChild(): Promise<void> {
  const credentials = { accessKeyId: 'AKIACHILDCHILDCHILD2', secretAccessKey: 'of-nobody-but-this-process' };
  const managedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
  account.iam.seedUser(childId, { name: 'admin', credentials, managedPolicyArns });
  const config = {
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1',
    requestHandler: createRequestHandler(account.front),
  };
  const { Credentials } = await new STSClient({ ...config, credentials }).send(
    new AssumeRoleCommand({
      RoleArn: grant.role.arn,
      RoleSessionName: 'child',
      ExternalId: grant.externalIds.current,
    }),
  );
  const session = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  await new SageMakerRuntimeClient({ ...config, credentials: session }).send(
    new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'hello' }),
  );
}
