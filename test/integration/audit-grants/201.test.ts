import { DescribeTimeToLiveCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, DeleteRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditAnswer, type AuditLab, codesOf, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

it('answers a finished audit, where it can be read again, and what it counted', async () => {
  await lab.grant();
  const { status, json, headers } = await lab.asParent.post<AuditAnswer>('/audits');
  expect(status).toBe(201);
  expect(json).toMatchObject({
    status: 'finished',
    mode: 'report',
    startedBy: 'arn:aws:iam::111111111111:user/admin',
    counts: { grantsCompared: 1, findings: 0, high: 0, repaired: 0 },
    findings: [],
  });
  expect(headers.get('location')).toBe(`${lab.describe.parent.apiUrl}/audits/${json.id}`);
  expect((await lab.asParent.get(headers.get('location') ?? '')).json).toEqual(json);
});

it('reads a whole account with a handful of IAM calls, and none for a grant', async () => {
  for (let count = 0; count < 4; count++) await lab.grant();
  const from = lab.calls.length;
  const { counts } = await lab.audit();
  const asked = lab.calls.slice(from).filter(({ service }) => service === 'iam');
  expect(asked.map(({ operation }) => operation).sort()).toEqual([
    // The managed policies and the roles, and both once more for chains of roles.
    'GetAccountAuthorizationDetails',
    'GetAccountAuthorizationDetails',
    'GetAccountAuthorizationDetails',
    'GetAccountAuthorizationDetails',
    'GetAccountSummary',
    'ListRoles',
  ]);
  expect(counts.iamCalls).toBe(asked.length);
});

it('changes nothing in IAM in mode report', async () => {
  const grant = await lab.grant();
  const RoleName = grant.role.arn.split('/').at(-1) ?? '';
  await lab.parentIam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
  const from = lab.calls.length;
  expect(codesOf(await lab.audit('report'))).toEqual(['boundary.missing']);
  const changes = lab.calls
    .slice(from)
    .filter(({ service, operation }) => service === 'iam' && !/^(?:Get|List)/.test(operation));
  expect(changes).toEqual([]);
  await lab.audit('repair');
});

it('goes on, from its last step, with an audit whose function was killed', async () => {
  const first = await lab.audit();
  lab.addFault({ service: 'sagemaker', operation: 'ListEndpoints', nth: 1, fault: 'crash' });
  const killed = await lab.asParent.post('/audits', {});
  expect(killed.status).toBe(502);

  // Whoever was killed may still be alive for all that others know; until its time is over it is not taken over.
  const waiting = await lab.asParent.post<AuditAnswer>('/audits', {});
  expect(waiting.status).toBe(202);
  expect(waiting.json.status).toBe('running');

  lab.advanceClock(180);
  const from = lab.calls.length;
  const finished = await lab.audit();
  expect(finished.id).toBe(waiting.json.id);
  expect(finished.id).not.toBe(first.id);
  expect(finished.counts).toMatchObject({ rolesRead: first.counts.rolesRead, findings: 0 });
  const pages = lab.calls
    .slice(from)
    .filter(({ operation }) => operation === 'GetAccountAuthorizationDetails');
  expect(pages).toEqual([]);
});

it('is what the schedule runs, in the mode of its event', async () => {
  const result = await lab.runSchedule('audit-grants');
  expect(result).toMatchObject({ status: 'finished', counts: { findings: 0 } });
  const { json } = await lab.asParent.get<{ items: AuditAnswer[] }>('/audits?limit=1');
  expect(json.items[0]).toMatchObject({ mode: 'report', startedBy: 'schedule' });
});

it('tells the bus and the topic of findings of high severity, and of no external id', async () => {
  const grant = await lab.grant();
  const RoleName = grant.role.arn.split('/').at(-1) ?? '';
  await lab.parentIam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
  const from = lab.messages.length;
  const audit = await lab.audit('repair');
  const news = lab.messages.slice(from);
  const events = news.filter((message) => message.kind === 'event');
  expect(events.find(({ detailType }) => detailType === 'finding.boundary.missing')?.detail).toMatchObject({
    id: `${audit.id}#1`,
    auditId: audit.id,
    code: 'boundary.missing',
    grantId: grant.id,
    isReminder: false,
  });
  expect(audit.findings[0]?.repair).toBe('repaired');
  const [message] = news.filter((one) => one.kind === 'notification');
  expect(message?.subject).toBe('Sharemaker: 1 finding of high severity');
  expect(message?.message).toContain(`boundary.missing: ${grant.role.arn}`);
  expect(JSON.stringify(news)).not.toContain(grant.externalId);
});

it('is forgotten, findings and all, 400 days after it began', async () => {
  const RoleName = 'stray';
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  await lab.parentIam.send(
    new CreateRoleCommand({ RoleName, Path: '/sharemaker/', AssumeRolePolicyDocument }),
  );
  const { id, startedAt } = await lab.audit();
  const dynamo = new DynamoDBClient(lab.asParent.sdk);
  const TableName = 'sharemaker-dev-audits';
  const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
  const ttl = Math.floor(Date.parse(startedAt) / 1000) + 400 * 86_400;
  const parts = Items.filter((item) => item['id']?.S === id);
  expect(parts.map((item) => [item['part']?.S, item['ttl']?.N]).sort()).toEqual([
    ['findings#00001', String(ttl)],
    ['summary', String(ttl)],
  ]);
  expect(Items.filter((item) => item['id']?.S === 'current').every((item) => !item['ttl'])).toBe(true);
});
