/** Shares made by hand, as people make them: found with their pitfalls, adopted, and never touched. */

import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../lib/contract/audit.ts';
import { type AuditAnswer, type AuditLab, codesOf, openLab } from './audit-lab.ts';

let lab: AuditLab;
let findings: ReadonlyMap<string, Finding>;

const parent = '111111111111';
const child = '222222222222';
const roleArn = (name: string) => `arn:aws:iam::${parent}:role/${name}`;
const endpointArn = `arn:aws:sagemaker:us-east-1:${parent}:endpoint/puppet`;

const trust = (Principal: unknown, Condition?: unknown) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...(Condition ? { Condition } : {}) }],
});
const policy = (Action: unknown, Resource: unknown, Effect = 'Allow', Condition?: unknown) => ({
  Version: '2012-10-17',
  Statement: [{ Effect, Action, Resource, ...(Condition ? { Condition } : {}) }],
});

async function makeRole(
  name: string,
  trustPolicy: unknown,
  inline: Readonly<Record<string, unknown>> = {},
  boundary?: string,
): Promise<void> {
  await lab.parentIam.send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
      ...(boundary && { PermissionsBoundary: boundary }),
    }),
  );
  for (const [PolicyName, document] of Object.entries(inline))
    await lab.parentIam.send(
      new PutRolePolicyCommand({ RoleName: name, PolicyName, PolicyDocument: JSON.stringify(document) }),
    );
}

async function makePolicy(PolicyName: string, document: unknown): Promise<string> {
  const { Policy } = await lab.parentIam.send(
    new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify(document) }),
  );
  return Policy?.Arn ?? '';
}

beforeAll(async () => {
  lab = await openLab();

  // The recipe that people follow: a managed policy with a wildcard Region, an external id that nothing requires.
  await makeRole('SageMakerExternal', trust({ AWS: `arn:aws:iam::${child}:root` }));
  await lab.parentIam.send(
    new AttachRolePolicyCommand({
      RoleName: 'SageMakerExternal',
      PolicyArn: await makePolicy(
        'InvokeMyModel',
        policy('sagemaker:InvokeEndpoint', `arn:aws:sagemaker:*:${parent}:endpoint/puppet`),
      ),
    }),
  );
  await makeRole('guessable', trust({ AWS: child }, { StringEquals: { 'sts:ExternalId': parent } }), {
    all: policy('sagemaker:*', '*'),
  });
  await makeRole('by-an-aws-policy', trust({ AWS: [child, '333333333333'] }));
  await lab.parentIam.send(
    new AttachRolePolicyCommand({
      RoleName: 'by-an-aws-policy',
      PolicyArn: 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess',
    }),
  );
  await makeRole(
    'well-made',
    trust(
      { AWS: `arn:aws:iam::${child}:user/admin` },
      {
        StringEquals: { 'sts:ExternalId': 'a-long-and-random-value-7f3a9c' },
        DateLessThan: { 'aws:CurrentTime': '2027-06-01T00:00:00Z' },
      },
    ),
    {
      invoke: policy(
        ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
        endpointArn,
        'Allow',
        {
          DateLessThan: { 'aws:CurrentTime': '2027-06-01T00:00:00Z' },
        },
      ),
    },
  );

  // None of these lets anybody outside invoke an endpoint.
  await makeRole('inside', trust({ AWS: parent }), { all: policy('sagemaker:*', '*') });
  await makeRole('no-endpoint', trust({ AWS: child }), { read: policy('sagemaker:Describe*', '*') });
  await makeRole('denied', trust({ AWS: child }), {
    all: policy('*', '*'),
    // Nor may it assume a role that could.
    never: policy(['sagemaker:*', 'sts:*'], '*', 'Deny'),
  });
  const boundary = await makePolicy('only-logs', policy('logs:*', '*'));
  await makeRole('bounded', trust({ AWS: child }), { all: policy('*', '*') }, boundary);
  await makeRole(
    'over',
    trust({ AWS: child }, { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
    {
      all: policy('*', '*'),
    },
  );

  const audit = await lab.audit('repair');
  expect(new Set(codesOf(audit))).toEqual(new Set(['share.unmanaged']));
  findings = new Map(audit.findings.map((finding) => [finding.subject, finding]));
}, 60_000);
afterAll(() => lab.close());

const evidenceOf = (name: string) => findings.get(roleArn(name))?.evidence;

describe('share.unmanaged', () => {
  it('finds every role that lets another account invoke, and no other', () => {
    expect([...findings.keys()].sort()).toEqual(
      ['SageMakerExternal', 'by-an-aws-policy', 'guessable', 'well-made'].map(roleArn).sort(),
    );
  });

  it('says who, what and how, and each pitfall of the usual recipe', () => {
    expect(evidenceOf('SageMakerExternal')).toEqual([
      'Who: account 222222222222',
      'What: endpoint puppet in every Region (arn:aws:sagemaker:*:111111111111:endpoint/puppet)',
      'How: sync',
      'Pitfall: no external id is required; whatever the caller sends is ignored',
      'Pitfall: the whole account is trusted: whoever there may assume roles gets in',
      'Pitfall: the Region is a wildcard: endpoints of that name in any Region are open',
      'Pitfall: it never expires',
    ]);
  });

  it('knows an external id that anybody can guess, and what sagemaker:* lets in', () => {
    const evidence = evidenceOf('guessable');
    expect(evidence).toContain('What: every endpoint in every Region');
    expect(evidence).toContain('How: sync, stream, async, bidirectional stream');
    expect(evidence?.filter((line) => line.startsWith('Pitfall')).join('\n')).toMatch(
      /account id or a pattern.*endpoint is a wildcard.*CallWithBearerToken.*far more than invoking/s,
    );
    expect(evidence?.join()).not.toContain('no external id');
  });

  it('reads policies that AWS manages, and sees accounts that share a role', () => {
    const evidence = evidenceOf('by-an-aws-policy');
    expect(evidence?.slice(0, 2)).toEqual(['Who: account 222222222222', 'Who: account 333333333333']);
    expect(evidence?.join('\n')).toMatch(/several accounts share the role/);
  });

  it('finds no pitfall in a share that was made with care, and does not show its external id', () => {
    expect(evidenceOf('well-made')).toEqual([
      'Who: arn:aws:iam::222222222222:user/admin',
      `What: endpoint puppet in us-east-1 (${endpointArn})`,
      'How: sync, stream',
    ]);
  });

  it('is only reported: repair does not touch the role', () => {
    for (const { repair } of findings.values()) expect(repair).toBe('reported');
  });
});

describe('adopt', () => {
  it('makes a grant of the share, names what is left to the child, and leaves the old role alone', async () => {
    const before = await roleAsItIs('SageMakerExternal');
    const { status, json } = await lab.asParent.post<AuditAnswer>('/audits', {
      adopt: roleArn('SageMakerExternal'),
    });
    expect(status).toBe(201);
    const [adopted] = json.findings;
    const grant = await lab.read(adopted?.grantId ?? '');
    expect(grant).toMatchObject({
      status: 'active',
      child: { accountId: child },
      endpoint: { name: 'puppet', region: 'us-east-1' },
      modes: ['sync'],
      note: `Adopted from ${roleArn('SageMakerExternal')}`,
    });
    expect(grant.role.arn).toMatch(/role\/sharemaker\/222222222222\//);
    expect(adopted?.repairDetail).toContain(`${lab.describe.parent.apiUrl}/offers/${grant.id}`);
    expect(adopted?.repairDetail).toMatch(/accept the offer.*alias.*drop its permission.*Then delete/s);
    expect(await lab.invokeAsChild(grant)).toBe('ok');
    expect(await roleAsItIs('SageMakerExternal')).toEqual(before);

    const stored = await lab.asParent.get<AuditAnswer>(`/audits/${json.id}`);
    expect(stored.json.findings).toEqual(json.findings);

    const again = await lab.asParent.post<AuditAnswer>('/audits', { adopt: roleArn('SageMakerExternal') });
    expect(again.json.findings[0]?.grantId).toBe(grant.id);
  });

  it('takes over who, how and until when', async () => {
    const { json } = await lab.asParent.post<AuditAnswer>('/audits', { adopt: roleArn('well-made') });
    expect(await lab.read(json.findings[0]?.grantId ?? '')).toMatchObject({
      child: { accountId: child, principals: [`arn:aws:iam::${child}:user/admin`] },
      modes: ['sync', 'stream'],
      expiresAt: '2027-06-01T00:00:00.000Z',
    });
  });
});

describe('adopt of a role that opens all and denies all but one', () => {
  it('makes a grant for the one that is left, in the Region that the role names', async () => {
    const region = 'eu-west-1';
    for (const name of ['left', 'taken'])
      lab.sageMaker.addEndpoint({ accountId: parent, region, name, model: 'puppet' });
    const anywhere = `arn:aws:sagemaker:${region}:${parent}:endpoint/`;
    await makeRole('all-but-one', trust({ AWS: child }), {
      invoke: policy('sagemaker:InvokeEndpoint', `${anywhere}*`),
      never: policy('sagemaker:InvokeEndpoint', `${anywhere}taken`, 'Deny'),
    });
    const { json } = await lab.asParent.post<AuditAnswer>('/audits', { adopt: roleArn('all-but-one') });
    expect(await lab.read(json.findings[0]?.grantId ?? '')).toMatchObject({
      endpoint: { name: 'left', region },
    });
  });
});

async function roleAsItIs(RoleName: string) {
  const { Role } = await lab.parentIam.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames } = await lab.parentIam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies } = await lab.parentIam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const { RoleLastUsed: _used, ...role } = Role ?? {};
  return { role, PolicyNames, AttachedPolicies };
}
