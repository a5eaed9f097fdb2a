/** Role chaining: found by the audit exactly while somebody outside can walk it with STS, from role to role to a prediction. */

import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, type AssumeRoleCommandOutput, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Finding } from '../../../lib/contract/audit.ts';
import type { Person } from '../../support/sandbox.ts';
import { type AuditLab, openLab } from './audit-lab.ts';

const parent = '111111111111';
const vendor = '333333333333';
const externalId = 'a-long-and-random-value-2b9d41';
const arnOf = (name: string) => `arn:aws:iam::${parent}:role/${name}`;
const endpointArn = `arn:aws:sagemaker:us-east-1:${parent}:endpoint/puppet`;

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: unknown, Resource: unknown) => ({ Effect: 'Allow', Action, Resource });
const trust = (AWS: unknown, Condition: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'sts:AssumeRole',
  Condition,
});
const ofVendor = trust(vendor, { StringEquals: { 'sts:ExternalId': externalId } });

const wholeWay = ['VendorAccess', 'Pipeline', 'ModelOwner'];
const wayThere = [
  'Through: VendorAccess → Pipeline → ModelOwner',
  `What: endpoint puppet in us-east-1 (${endpointArn})`,
  'How: sync',
];

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
  expect(lab.describe.outsider.accountId).toBe(vendor);
  for (const name of wholeWay) await make(name);
}, 60_000);
afterAll(() => lab.close());

async function make(RoleName: string): Promise<void> {
  const AssumeRolePolicyDocument = document(trust(parent));
  await lab.parentIam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
}
async function allowTo(RoleName: string, ...policy: object[]): Promise<void> {
  const PolicyDocument = document(...policy);
  await lab.parentIam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'inline', PolicyDocument }));
}
async function forbid(RoleName: string): Promise<void> {
  await lab.parentIam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'inline' }));
}
async function letIn(RoleName: string, ...trusts: object[]): Promise<void> {
  const PolicyDocument = document(...trusts);
  await lab.parentIam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
}

/** As the vendor, from role to role; at the end a prediction. Answers where it ended. */
async function walk(...names: string[]): Promise<string> {
  let sdk: Person['sdk'] = lab.asOutsider.sdk;
  for (const [index, name] of names.entries()) {
    const assume = new AssumeRoleCommand({
      RoleArn: arnOf(name),
      RoleSessionName: 'vendor',
      ...(index === 0 && { ExternalId: externalId }),
    });
    const credentials = await new STSClient(sdk).send(assume).then(keysOf, () => undefined);
    if (!credentials) return `refused at ${name}`;
    sdk = { ...sdk, credentials };
  }
  const call = new InvokeEndpointCommand({ EndpointName: 'puppet', Body: 'hello' });
  return new SageMakerRuntimeClient(sdk).send(call).then(
    () => 'a prediction',
    () => 'no prediction',
  );
}

function keysOf({ Credentials }: AssumeRoleCommandOutput) {
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

async function chained(): Promise<readonly Finding[]> {
  const { findings } = await lab.audit();
  return findings.filter(({ code }) => code === 'share.chained');
}

beforeEach(async () => {
  await letIn('VendorAccess', ofVendor);
  await allowTo('VendorAccess', allow('sts:AssumeRole', arnOf('Pipeline')));
  await letIn('Pipeline', trust(parent));
  await letIn('ModelOwner', trust(arnOf('Pipeline')));
  await allowTo('ModelOwner', allow('sagemaker:InvokeEndpoint', endpointArn));
  expect(await walk(...wholeWay)).toBe('a prediction');
});

it('says who gets in, by which roles, and to what; never the external id', async () => {
  const [found] = await chained();
  expect(found).toMatchObject({ subject: arnOf('VendorAccess'), severity: 'high' });
  expect(found?.evidence).toEqual([`Who: account ${vendor}`, ...wayThere]);
  expect((await lab.audit()).findings.map(({ code }) => code)).toEqual(['share.chained']);
});

it.each<[what: string, broken: () => Promise<void>]>([
  ['the first role may assume no other', () => forbid('VendorAccess')],
  [
    'the first role is denied it',
    () =>
      allowTo('VendorAccess', allow('sts:AssumeRole', '*'), {
        ...allow('sts:*', arnOf('Pipe*')),
        Effect: 'Deny',
      }),
  ],
  [
    'the account is trusted but for that role',
    () => letIn('Pipeline', trust(parent), { ...trust(arnOf('VendorAccess')), Effect: 'Deny' }),
  ],
  [
    'the account is trusted, held to other roles',
    () => letIn('Pipeline', trust(parent, { ArnLike: { 'aws:PrincipalArn': arnOf('Staff*') } })),
  ],
  ['the last role trusts another', () => letIn('ModelOwner', trust(arnOf('ModelOwner')))],
  [
    'the last role trusts until a date that has passed',
    () =>
      letIn(
        'ModelOwner',
        trust(arnOf('Pipeline'), { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
      ),
  ],
  [
    'the account is trusted with a second factor, of which sessions of roles tell nothing',
    () => letIn('Pipeline', trust(parent, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } })),
  ],
  [
    'all roles but some are denied',
    () =>
      letIn('Pipeline', trust(parent), {
        ...trust('*', { ArnNotLike: { 'aws:PrincipalArn': [arnOf('Staff*'), arnOf('Admin')] } }),
        Effect: 'Deny',
      }),
  ],
  ['the last role may invoke nothing', () => forbid('ModelOwner')],
  ['nobody outside is let in', () => letIn('VendorAccess', trust(parent))],
])('is over when %s', async (_what, broken) => {
  expect(await chained()).toHaveLength(1);
  await broken();
  expect(await walk(...wholeWay)).not.toBe('a prediction');
  expect(await chained()).toEqual([]);
});

it('is as open where a session is trusted by name, or everybody of the account', async () => {
  for (const who of [`arn:aws:sts::${parent}:assumed-role/VendorAccess/vendor`, '*']) {
    const own = who === '*' ? { StringEquals: { 'aws:PrincipalAccount': parent } } : {};
    await letIn('ModelOwner', trust(who, own));
    expect(await walk('VendorAccess', 'ModelOwner')).toBe('a prediction');
    expect((await chained())[0]?.evidence).toContain('Through: VendorAccess → ModelOwner');
  }
});

it('ends in what the first role does not open itself', async () => {
  const itself = allow('sagemaker:InvokeEndpoint', `arn:aws:sagemaker:*:${parent}:endpoint/*`);
  await allowTo('VendorAccess', allow('sts:AssumeRole', '*'), itself);
  const { findings } = await lab.audit();
  expect(findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
    `share.unmanaged ${arnOf('VendorAccess')}`,
  ]);
});

it('sees what a managed policy lets a role assume', async () => {
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await lab.parentIam.send(new AttachRolePolicyCommand({ RoleName: 'Pipeline', PolicyArn }));
  await make('Warehouse');
  await allowTo('Warehouse', allow('sagemaker:InvokeEndpointAsync', endpointArn));
  expect(await walk('VendorAccess', 'Pipeline', 'Warehouse')).toBe('no prediction');
  // Pipeline is an administrator, so it is an end itself; what lies behind it is another.
  const [found] = await chained();
  expect(found?.evidence.filter((line) => line.startsWith('Through'))).toEqual([
    'Through: VendorAccess → Pipeline',
    'Through: VendorAccess → Pipeline → ModelOwner',
    'Through: VendorAccess → Pipeline → Warehouse',
  ]);
  await lab.parentIam.send(new DetachRolePolicyCommand({ RoleName: 'Pipeline', PolicyArn }));
  await forbid('Warehouse');
});

it('is low where its first role is accepted until a date', async () => {
  const Key = 'sharemaker:accepted-until';
  const RoleName = 'VendorAccess';
  await lab.parentIam.send(new TagRoleCommand({ RoleName, Tags: [{ Key, Value: '2099-01-01' }] }));
  const [found] = await chained();
  expect(found?.severity).toBe('low');
  expect(found?.evidence[0]).toBe('Accepted until 2099-01-01.');
  await lab.parentIam.send(new UntagRoleCommand({ RoleName, TagKeys: [Key] }));
});

it('is medium where only named subjects of an identity provider get in', async () => {
  const provider = 'token.actions.githubusercontent.com';
  await letIn('VendorAccess', {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${parent}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${provider}:sub`]: 'repo:acme/scoring:ref:refs/heads/main' } },
  });
  expect(await chained()).toMatchObject([
    {
      severity: 'medium',
      evidence: [`Who: repo:acme/scoring:ref:refs/heads/main of ${provider}`, ...wayThere],
    },
  ]);
});

it('shows what it cannot weigh, wherever it stands on the way; an external id only as one', async () => {
  await letIn('Pipeline', trust(parent, { StringEquals: { 'sts:ExternalId': 'an-inner-secret-91f0' } }), {
    ...trust(parent, { StringNotLike: { 'sts:RoleSessionName': 'deploy-*' } }),
    Effect: 'Deny',
  });
  await allowTo('VendorAccess', {
    ...allow('sts:AssumeRole', '*'),
    Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
  });
  expect((await chained())[0]?.evidence.filter((line) => !line.startsWith('Who'))).toEqual([
    ...wayThere,
    'Only if: an external id is known that a role on the way asks for',
    'Unless: StringNotLike sts:rolesessionname deploy-*',
    'Only if: IpAddress aws:sourceip 203.0.113.0/24',
  ]);
});

it('never leads through a share role, even to one that trusts everybody of the account', async () => {
  await make('Everybody');
  await letIn('Everybody', trust('*', { StringEquals: { 'aws:PrincipalAccount': parent } }));
  await allowTo('Everybody', allow('sagemaker:InvokeEndpoint', '*'));
  const grant = await lab.grant();
  const assume = new AssumeRoleCommand({
    RoleArn: grant.role.arn,
    RoleSessionName: 'child',
    ExternalId: grant.externalId,
  });
  const credentials = await new STSClient(lab.asChild.sdk).send(assume).then(keysOf);
  const further = new AssumeRoleCommand({ RoleArn: arnOf('Everybody'), RoleSessionName: 'child' });
  await expect(new STSClient({ ...lab.asChild.sdk, credentials }).send(further)).rejects.toThrow(
    /not authorized/,
  );
  const { findings } = await lab.audit();
  expect(findings.filter(({ subject }) => subject === grant.role.arn)).toEqual([]);
});
