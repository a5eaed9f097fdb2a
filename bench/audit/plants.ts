/** One of each thing that can be wrong with a grant or its role, and roles that look like shares and are none. */

import type { FindingCode } from '../../lib/contract/audit.ts';
import type { GrantRecord } from '../../lib/grant/grant.ts';
import { trustDocument } from '../../lib/grant/policies.ts';
import type { PolicyDocument } from '../../sandbox/policy/document.ts';
import type { RoleSeed } from '../../sandbox/types.ts';
import { type Around, roleOf } from './a-grant.ts';

export interface Plant {
  readonly finds: readonly FindingCode[];
  readonly grant?: (record: GrantRecord, around: Around) => Partial<GrantRecord>;
  /** null: there is no role. */
  readonly role?: ((record: GrantRecord, around: Around) => Partial<RoleSeed>) | null;
  /** The record remembers another role id than IAM has. */
  readonly remembersOther?: true;
}

const dayMs = 86_400_000;
const iso = (at: number) => new Date(at).toISOString();

export const plants: readonly Plant[] = [
  { finds: ['role.missing'], role: null },
  { finds: ['role.recreated'], remembersOther: true },
  {
    finds: ['trust.drifted'],
    role: (record, around) => ({ trust: childTrust(record, around, { Condition: {} }) }),
  },
  {
    finds: ['trust.principal_recreated'],
    role: (record, around) => ({
      trust: childTrust(record, around, { Principal: { AWS: 'AROA5GONE5GONE5GONE55' } }),
    }),
  },
  {
    // Wide enough that a probe gets through to an endpoint that is not the grant's.
    finds: ['policy.drifted', 'access.too_wide'],
    role: () => ({ inline: { invoke: allow('sagemaker:InvokeEndpoint', '*') } }),
  },
  {
    finds: ['policy.extra'],
    role: (record, around) => ({
      inline: { ...inlineOf(record, around), more: allow('s3:GetObject', 'arn:aws:s3:::elsewhere/*') },
    }),
  },
  { finds: ['boundary.missing'], role: () => ({ boundaryArn: undefined as never }) },
  { finds: ['tags.drifted'], role: (record) => ({ tags: { 'sharemaker:grant': record.id } }) },
  { finds: ['session.too_long'], role: () => ({ maxSessionSeconds: 43_200 }) },
  {
    finds: ['grant.expired_alive'],
    grant: (_record, { now }) => ({ expiresAt: iso(now - dayMs / 2) }),
  },
  {
    finds: ['grant.stuck'],
    grant: (record, { now }) => ({
      goal: 'suspended',
      generation: record.generation + 1,
      pending: { operation: 'suspend', since: iso(now - dayMs / 24), by: record.createdBy },
    }),
  },
  { finds: ['grant.unused'], grant: (_record, { now }) => ({ createdAt: iso(now - 40 * dayMs) }) },
  {
    finds: ['endpoint.missing'],
    grant: ({ endpoint }) => ({
      endpoint: { ...endpoint, name: 'gone', arn: endpoint.arn.replace(/[^/]*$/, 'gone') },
    }),
  },
  {
    finds: ['endpoint.recreated'],
    grant: ({ endpoint }, { now }) => ({ endpoint: { ...endpoint, createdAt: iso(now - 100 * dayMs) } }),
  },
  // Not wrong: its documents are in the middle of a change, or say the same in other words.
  {
    finds: [],
    grant: (record, { now }) => ({
      generation: record.generation + 1,
      // In the future, so that it stays young however far a test's clock goes.
      pending: { operation: 'update', since: iso(now + dayMs), by: record.createdBy },
    }),
    role: () => ({ inline: {} }),
  },
  { finds: [], role: (record, around) => ({ trust: reworded(trustDocument(record, around)) }) },
];

/** The article's way to share an endpoint. */
export function handMade(name: string): RoleSeed {
  return {
    name,
    trust: trustOf({ AWS: 'arn:aws:iam::222222222222:root' }),
    inline: { invoke: allow('sagemaker:InvokeEndpoint', 'arn:aws:sagemaker:*:111111111111:endpoint/puppet') },
  };
}

/** A vendor's role, and two that it gets to: one whose account is trusted, and one that trusts that one by name. */
export function chained(accountId: string): readonly RoleSeed[] {
  const arnOf = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
  return [
    {
      name: 'VendorAccess',
      trust: trustOf(
        { AWS: 'arn:aws:iam::333333333333:root' },
        { StringEquals: { 'sts:ExternalId': 'a-long-and-random-value-2b9d41' } },
      ),
      inline: { deploy: allow('sts:AssumeRole', arnOf('Pipeline')) },
    },
    { name: 'Pipeline', trust: trustOf({ AWS: `arn:aws:iam::${accountId}:root` }) },
    {
      name: 'ModelOwner',
      trust: trustOf({ AWS: arnOf('Pipeline') }),
      inline: {
        invoke: allow('sagemaker:InvokeEndpoint', `arn:aws:sagemaker:*:${accountId}:endpoint/puppet`),
      },
    },
  ];
}

/** Roles of any account, none of which lets anybody outside invoke an endpoint. */
export const bystanders: readonly ((name: string) => RoleSeed)[] = [
  (name) => ({
    name,
    trust: trustOf({ Service: 'ec2.amazonaws.com' }),
    inline: { all: allow('sagemaker:*', '*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '111111111111' }),
    inline: { invoke: allow('sagemaker:InvokeEndpoint', '*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '222222222222' }),
    inline: { read: allow(['s3:Get*', 'sagemaker:Describe*'], '*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '222222222222' }),
    inline: { models: allow('sagemaker:*', 'arn:aws:sagemaker:*:111111111111:model/*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '222222222222' }),
    inline: { all: allow('*', '*'), never: deny(['sagemaker:Invoke*', 'sts:AssumeRole'], '*') },
  }),
  (name) => ({
    name,
    trust: trustOf(
      { AWS: '*' },
      { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/staff/*' } },
    ),
    inline: { invoke: allow('sagemaker:InvokeEndpoint', '*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '222222222222' }, { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
    inline: { invoke: allow('sagemaker:InvokeEndpoint', '*') },
  }),
  (name) => ({
    name,
    trust: trustOf({ AWS: '222222222222' }),
    managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  }),
];

function trustOf(principal: Readonly<Record<string, string>>, condition?: Conditions): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: principal,
      Action: 'sts:AssumeRole',
      ...(condition && { Condition: condition }),
    },
  };
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string>>>>;

function allow(action: string | readonly string[], resource: string): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] };
}

function deny(action: string | readonly string[], resource: string): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: action, Resource: resource }] };
}

/** The grant's trust with the child's statement changed; the prober's is left, so that it can still be probed. */
function childTrust(record: GrantRecord, around: Around, changes: object): PolicyDocument {
  const { Version, Statement } = trustDocument(record, around);
  const statements = Statement.map((one) => (one.Sid === 'Child' ? { ...one, ...changes } : one));
  return { Version, Statement: statements } as PolicyDocument;
}

function inlineOf(record: GrantRecord, around: Around): Readonly<Record<string, PolicyDocument>> {
  return roleOf(record, around).inline ?? {};
}

/** The same in other words: statements in another order and without names, lists of one, another case, another date format. */
function reworded({ Version, Statement }: ReturnType<typeof trustDocument>): PolicyDocument {
  const statements = [...Statement]
    .reverse()
    .map(({ Sid: _name, Action, Principal, Condition, ...rest }) => ({
      ...rest,
      Condition: JSON.parse(JSON.stringify(Condition).replaceAll('aws:CurrentTime', 'AWS:currenttime')),
      Principal: { AWS: [Principal?.AWS.split(':')[4]] },
      Action: [String(Action).replace('AssumeRole', 'assumerole')],
    }));
  return { Statement: statements, Version } as unknown as PolicyDocument;
}
