import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLab, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const parent = '111111111111';

const cases: readonly {
  readonly title: string;
  readonly name: string;
  readonly accounts?: readonly string[];
  readonly resource?: string;
  readonly condition?: object;
  readonly detail: RegExp;
}[] = [
  { title: 'a role that does not exist', name: 'nowhere', detail: /no such role/ },
  {
    title: 'a role that lets nobody outside invoke',
    name: 'inside',
    accounts: [parent],
    resource: '*',
    detail: /Nobody outside the account/,
  },
  {
    title: 'a role that trusts two accounts',
    name: 'two-accounts',
    accounts: ['222222222222', '333333333333'],
    resource: `arn:aws:sagemaker:us-east-1:${parent}:endpoint/puppet`,
    detail: /more than one account/,
  },
  {
    title: 'a role that reaches several endpoints',
    name: 'many-endpoints',
    accounts: ['222222222222'],
    resource: '*',
    detail: /reaches 5 endpoints/,
  },
  {
    title: 'a role whose endpoint does not exist',
    name: 'no-endpoint',
    accounts: ['222222222222'],
    resource: `arn:aws:sagemaker:us-east-1:${parent}:endpoint/gone`,
    detail: /does not exist in us-east-1/,
  },
  {
    title: 'a role whose endpoint does not exist in the Region that it names',
    name: 'elsewhere',
    accounts: ['222222222222'],
    resource: `arn:aws:sagemaker:eu-west-1:${parent}:endpoint/puppet`,
    detail: /does not exist in eu-west-1/,
  },
  {
    title: 'a role with a condition that a grant does not have',
    name: 'from-elsewhere',
    accounts: ['222222222222'],
    resource: `arn:aws:sagemaker:us-east-1:${parent}:endpoint/puppet`,
    condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    detail: /A grant cannot say a condition of its policies: NotIpAddress aws:sourceip\./,
  },
];

for (const { title, name, accounts, resource, condition, detail } of cases)
  it(`refuses to adopt ${title}, and creates nothing`, async () => {
    if (accounts) await makeRole(name, accounts, resource ?? '', condition);
    const { status, json } = await lab.asParent.post('/audits', {
      adopt: `arn:aws:iam::${parent}:role/${name}`,
    });
    expect(status).toBe(422);
    expect(json).toMatchObject({ code: 'audit.not_adoptable', errors: [{ pointer: '/adopt' }] });
    expect(String(json['detail'])).toMatch(detail);
    expect((await lab.asParent.get('/grants')).json).toEqual({ items: [] });
  });

it("refuses to adopt one of Sharemaker's own roles", async () => {
  const adopt = `arn:aws:iam::${parent}:role/sharemaker-system/sharemaker-prober-dev`;
  const { status, json } = await lab.asParent.post('/audits', { adopt });
  expect(status).toBe(422);
  expect(json).toMatchObject({ code: 'audit.not_adoptable' });
});

async function makeRole(
  RoleName: string,
  accounts: readonly string[],
  Resource: string,
  Condition?: object,
): Promise<void> {
  await lab.parentIam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: accounts }, Action: 'sts:AssumeRole' }],
      }),
    }),
  );
  await lab.parentIam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'invoke',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource, Condition }],
      }),
    }),
  );
}
