/** Findings about a grant itself: made to happen, found, and mended or only reported. */

import { CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLab, codesOf, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const parent = '111111111111';
const hour = 3600;

it('finds a role of no grant, shuts it, proves it shut and removes it', async () => {
  const RoleName = 'sharemaker-grt_00000000000000000000000001';
  const external = 'the-external-id-of-the-orphan';
  await lab.parentIam.send(
    new CreateRoleCommand({
      RoleName,
      Path: '/sharemaker/222222222222/',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: '222222222222' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': external } },
          },
        ],
      }),
      Tags: [
        { Key: 'sharemaker:grant', Value: 'grt_00000000000000000000000001' },
        { Key: 'sharemaker:deployment', Value: 'sharemaker-boundary-dev' },
        { Key: 'sharemaker:endpoint', Value: 'puppet' },
      ],
    }),
  );
  await lab.parentIam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'left-behind',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: '*' }],
      }),
    }),
  );
  const { findings } = await lab.audit('repair');
  expect(findings).toMatchObject([
    {
      code: 'role.orphaned',
      severity: 'high',
      subject: `arn:aws:iam::${parent}:role/sharemaker/222222222222/${RoleName}`,
      repair: 'repaired',
      repairDetail: 'Shut, proven shut by probes, and removed.',
    },
  ]);
  expect(JSON.stringify(findings)).not.toContain(external);
  await expect(lab.parentIam.send(new GetRoleCommand({ RoleName }))).rejects.toThrow(/cannot be found/);
  expect(codesOf(await lab.audit())).toEqual([]);
});

it('only reports a role under /sharemaker/ that Sharemaker did not make', async () => {
  const RoleName = 'made-by-somebody';
  await lab.parentIam.send(
    new CreateRoleCommand({
      RoleName,
      Path: '/sharemaker/',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: parent }, Action: 'sts:AssumeRole' }],
      }),
    }),
  );
  const { findings } = await lab.audit('repair');
  expect(findings).toMatchObject([{ code: 'role.orphaned', repair: 'reported' }]);
  await expect(lab.parentIam.send(new GetRoleCommand({ RoleName }))).resolves.toBeDefined();
});

it('finds a grant past its date, ends it and proves it', async () => {
  const expiresAt = new Date(lab.now() + 2 * hour * 1000).toISOString();
  const grant = await lab.grant({ expiresAt });
  lab.advanceClock(3 * hour);
  expect(await lab.invokeAsChild(grant)).toBe('AccessDenied');
  const { findings } = await lab.audit('repair');
  expect(findings.find(({ code }) => code === 'grant.expired_alive')).toMatchObject({
    subject: grant.id,
    repair: 'repaired',
    repairDetail: 'The grant is expired.',
  });
  expect((await lab.read(grant.id)).receipt).toBeDefined();
});

it('finds a grant that is stuck, says why, and finishes what was asked', async () => {
  const grant = await lab.grant();
  // Every attempt of the first request is refused; nobody goes on with it, because the schedules stand still.
  for (let nth = 1; nth <= 40; nth++)
    lab.addFault({ service: 'iam', operation: 'PutRolePolicy', nth, fault: 'error' });
  const asked = await lab.asParent.post(`/grants/${grant.id}/suspend`);
  expect(asked.status).toBe(202);
  lab.clearFaults();
  lab.advanceClock(hour);

  const reported = await lab.audit('report');
  const stuck = reported.findings.find(({ code }) => code === 'grant.stuck');
  expect(stuck).toMatchObject({ subject: grant.id, severity: 'medium' });
  expect(stuck?.evidence[0]).toMatch(/^"suspend" was asked for at .*, 65 minutes ago, and is not proven\.$/);
  expect(stuck?.evidence[1]).toMatch(/^Last error: .+/);

  const repaired = await lab.audit('repair');
  expect(repaired.findings.find(({ code }) => code === 'grant.stuck')).toMatchObject({ repair: 'repaired' });
  expect((await lab.read(grant.id)).status).toBe('suspended');
});

it('only reports an endpoint that is gone, and one that was made again', async () => {
  const accountId = parent;
  const region = 'us-east-1';
  for (const name of ['short-lived', 'made-twice'])
    lab.sageMaker.addEndpoint({ accountId, name, model: 'puppet' });
  const gone = await lab.grant({ endpoint: { name: 'short-lived' } });
  const again = await lab.grant({ endpoint: { name: 'made-twice' } });
  lab.advanceClock(60);
  lab.sageMaker.deleteEndpoint({ accountId, region, name: 'short-lived' });
  lab.sageMaker.recreateEndpoint({ accountId, region, name: 'made-twice' });

  const { findings } = await lab.audit('repair');
  const ofEndpoints = findings.filter(({ code }) => code.startsWith('endpoint.'));
  expect(ofEndpoints).toHaveLength(2);
  expect(ofEndpoints).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        code: 'endpoint.missing',
        grantId: gone.id,
        subject: gone.endpoint.arn,
        repair: 'reported',
      }),
      expect.objectContaining({ code: 'endpoint.recreated', grantId: again.id, repair: 'reported' }),
    ]),
  );
  expect((await lab.read(again.id)).status).toBe('active');
});
