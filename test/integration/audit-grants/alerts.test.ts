/** Whom an audit tells of what: new findings at once, old ones once a day, and whatever fails keeps it from neither. */

import {
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import { openParent, type ParentAccount, parentId } from '../../../bench/audit/account.ts';
import { handMade } from '../../../bench/audit/plants.ts';
import { runAudit } from '../../../lib/audit/audit.ts';
import type { AuditRecord } from '../../../lib/audit/audit-record.ts';
import type { Finding } from '../../../lib/contract/audit.ts';
import { toItem } from '../../../lib/grant/grant-item.ts';

const hour = 3_600_000;
const share = 'SageMakerExternal';
const shareArn = `arn:aws:iam::${parentId}:role/${share}`;

let account: ParentAccount;
beforeEach(async () => {
  account = await openParent();
  account.iam.seedRole(parentId, handMade(share));
});
afterEach(() => account.close());

it('tells of a share although the prober cannot be assumed, and that it was not', async () => {
  await settleGrant();
  await account.adminIam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: 'sharemaker-prober-dev',
      PolicyDocument: document({ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
    }),
  );
  const { record, told } = await audit();
  expect(record.status).toBe('finished');
  expect(told.subjects).toEqual([`share.unmanaged ${shareArn}`, `audit.incomplete ${parentId}`]);
  expect(told.messages.join()).toContain('Grants could not be probed: AccessDenied.');
});

it('tells of a share although endpoints cannot be listed, and says none is gone', async () => {
  await settleGrant();
  await deny('sagemaker:ListEndpoints');
  const { record, told } = await audit();
  expect(record.status).toBe('finished');
  expect(told.subjects).toEqual([`share.unmanaged ${shareArn}`, `audit.incomplete ${parentId}`]);
  expect(told.messages.join()).toContain('The endpoints of us-east-1 could not be seen: AccessDenied');
});

it('tells that the endpoints of another Region cannot be seen', async () => {
  const elsewhere = {
    name: 'far',
    region: 'eu-west-1',
    arn: `arn:aws:sagemaker:eu-west-1:${parentId}:endpoint/far`,
  };
  await settleGrant(elsewhere);
  await deny('sagemaker:DescribeEndpoint');
  const { findings } = await audit();
  expect(findings.map(({ code }) => code)).toEqual(['share.unmanaged', 'audit.incomplete']);
  expect(findings[1]?.evidence[0]).toMatch(/^The endpoints of eu-west-1 could not be seen: AccessDenied/);
});

it('tells of what stays once a day', async () => {
  const isReminder = [];
  for (let hours = 0; hours < 30; hours++) {
    const { told } = await audit();
    isReminder.push(...told.events.map(({ detail }) => [hours, detail['isReminder']]));
    account.clock.advance(hour);
  }
  expect(isReminder).toEqual([
    [0, false],
    [24, true],
  ]);
});

it('tells at once of what has changed, and of what was gone and is there again', async () => {
  await audit();
  await invokePolicy('arn:aws:sagemaker:*:111111111111:endpoint/*');
  expect((await audit()).told.events[0]?.detail).toMatchObject({
    code: 'share.unmanaged',
    isReminder: false,
  });
  await account.adminIam.send(new DeleteRolePolicyCommand({ RoleName: share, PolicyName: 'invoke' }));
  expect((await audit()).told.subjects).toEqual([]);
  await invokePolicy('arn:aws:sagemaker:*:111111111111:endpoint/*');
  expect((await audit()).told.events[0]?.detail).toMatchObject({
    code: 'share.unmanaged',
    isReminder: false,
  });
});

it('tells again of what was repaired and is found by the next audit', async () => {
  const orphan = { name: 'sharemaker-grt_00000000000000000000000009', path: '/sharemaker/222222222222/' };
  for (let times = 0; times < 2; times++) {
    const around = { ...account, parentAccountId: parentId, now: account.clock.now() };
    account.iam.seedRole(parentId, roleOf(aGrant(around, 9), around, orphan));
    const { told, findings } = await audit('repair');
    expect(findings.find(({ code }) => code === 'role.orphaned')?.repair).toBe('repaired');
    expect(told.subjects.join()).toContain(orphan.name);
    account.clock.advance(hour);
  }
});

it('says nothing of a share that was accepted, until its date', async () => {
  const until = new Date(account.clock.now() + 48 * hour).toISOString().slice(0, 10);
  const accept = (Value: string) =>
    account.adminIam.send(
      new TagRoleCommand({ RoleName: share, Tags: [{ Key: 'sharemaker:accepted-until', Value }] }),
    );
  await accept(until);
  const accepted = await audit();
  expect(accepted.findings).toMatchObject([{ code: 'share.unmanaged', severity: 'low' }]);
  expect(accepted.findings[0]?.evidence[0]).toBe(`Accepted until ${until}.`);
  expect(accepted.record.counts).toMatchObject({ findings: 1, high: 0 });
  expect(accepted.told.subjects).toEqual([]);

  account.clock.advance(48 * hour);
  const over = await audit();
  expect(over.findings[0]).toMatchObject({ severity: 'high' });
  expect(over.findings[0]?.evidence[0]).toBe(`Accepted until ${until}, which is over.`);
  expect(over.told.subjects).toEqual([`share.unmanaged ${shareArn}`]);

  for (const text of ['2100', '2100-1-1', 'for ever', '2100-13-01']) {
    await accept(text);
    const { findings } = await audit();
    expect(findings[0]).toMatchObject({ severity: 'high' });
    expect(findings[0]?.evidence[0]).toContain(`${text}: not a date`);
  }
});

it('repairs, and tells whoever can be told, although the bus takes nothing', async () => {
  await settleGrant();
  const around = { ...account, parentAccountId: parentId, now: account.clock.now() };
  account.iam.seedRole(parentId, roleOf(aGrant(around, 9), around));
  await deny('events:PutEvents', 'sharemaker-dev-audit-grants');
  const from = account.published.length;
  for (let attempt = 0; attempt < 6; attempt++)
    await expect(audit('repair'), `attempt ${attempt}`).rejects.toThrow(/events:PutEvents/);
  const { record } = await audit('repair');
  expect(record).toMatchObject({ status: 'failed', counts: { repaired: 1 } });
  const subjects = account.published.slice(from).map((one) => one.kind === 'notification' && one.subject);
  expect(subjects[0]).toBe('Sharemaker: 2 findings of high severity');
  expect(subjects.at(-1)).toBe('Sharemaker: an audit has failed');

  await account.adminIam.send(
    new DeleteRolePolicyCommand({ RoleName: 'sharemaker-dev-audit-grants', PolicyName: 'deny' }),
  );
  expect((await audit()).told.subjects).toEqual([`share.unmanaged ${shareArn}`]);
});

it('tells that an audit has failed', async () => {
  await deny('iam:GetAccountAuthorizationDetails');
  for (let attempt = 0; attempt < 5; attempt++)
    await expect(audit()).rejects.toThrow(/AccessDenied|not authorized/);
  const { record, told } = await audit();
  expect(record.status).toBe('failed');
  expect(told.events).toMatchObject([
    { detailType: 'audit.failed', detail: { auditId: record.id, phase: 'roles', mode: 'report' } },
  ]);
  expect(told.messages[0]).toContain(`Audit ${record.id}`);
});

async function audit(mode: 'report' | 'repair' = 'report') {
  const auditor = account.auditor();
  const from = account.published.length;
  const record = await runAudit(auditor, { mode, by: 'test' }, account.clock.now() + 900_000);
  const news = account.published.slice(from);
  const events = news
    .filter((one) => one.kind === 'event')
    .filter(({ detailType }) => !/^grant/.test(detailType));
  const messages = news.filter((one) => one.kind === 'notification').map(({ message }) => message);
  const subjects = events.map(({ detail }) => `${detail['code']} ${detail['subject']}`);
  return { record, findings: await findingsOf(record), told: { events, messages, subjects } };
}

async function findingsOf({ id, chunks }: AuditRecord): Promise<Finding[]> {
  const { audits } = account.auditor();
  const found: Finding[] = [];
  for (let chunk = 0; chunk < chunks; chunk++)
    found.push(...(await audits.getChunk(id, chunk)).map(({ finding }) => finding));
  return found;
}

function document(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

async function deny(Action: string, RoleName = 'sharemaker-dev-audit-grants') {
  const PolicyDocument = document({ Effect: 'Deny', Action, Resource: '*' });
  await account.adminIam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'deny', PolicyDocument }));
}

async function invokePolicy(Resource: string) {
  const PolicyDocument = document({ Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource });
  await account.adminIam.send(
    new PutRolePolicyCommand({ RoleName: share, PolicyName: 'invoke', PolicyDocument }),
  );
}

/** An active grant of an endpoint that is there, as its role says. */
async function settleGrant(other = {}) {
  const around = { ...account, parentAccountId: parentId, now: account.clock.now() };
  const plain = aGrant(around, 1);
  const { createdAt } = await account.auditor().broker.endpoints.describe('Iris-Classifier', 'us-east-1');
  const record = { ...plain, endpoint: { ...plain.endpoint, createdAt, ...other } };
  const { id } = account.iam.seedRole(parentId, roleOf(record, around));
  const Item = toItem({ ...record, role: { ...record.role, id } }, undefined);
  await account.adminDynamo.send(new PutCommand({ TableName: account.grantsTable, Item }));
}
