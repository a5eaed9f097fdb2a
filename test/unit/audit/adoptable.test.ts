/** A grant that is made of a share is never wider than the share. */

import { describe, expect, it } from 'vitest';
import { type Adoptable, adoptableOf, NotAdoptable } from '../../../lib/audit/adoptable.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import { handMadeShare } from '../../../lib/audit/shares.ts';

const own = '111111111111';
const arnOf = (name: string) => `arn:aws:sagemaker:us-east-1:${own}:endpoint/${name}`;
const until = (date: string) => ({ DateLessThan: { 'aws:CurrentTime': date } });
const child = {
  Effect: 'Allow',
  Principal: { AWS: '222222222222' },
  Action: 'sts:AssumeRole',
  Condition: { StringEquals: { 'sts:ExternalId': 'x' } },
};
const invoke = { Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: arnOf('puppet') };
const when = (Condition: object) => ({ ...invoke, Condition });

interface Door {
  readonly trust?: readonly object[];
  readonly policy?: readonly object[];
  readonly boundary?: object;
}

/** What a grant would be, or why there is none. */
function adopt({ trust = [child], policy = [invoke], boundary }: Door, name = 'puppet'): Adoptable | string {
  const read = (Statement: readonly object[]) => readDocument({ Version: '2012-10-17', Statement });
  const role: AccountRole = {
    arn: `arn:aws:iam::${own}:role/shared`,
    name: 'shared',
    path: '/',
    id: 'AROASHARED',
    trust: read(trust),
    inline: [{ name: 'inline', document: read(policy) }],
    attached: [],
    instanceProfiles: [],
    ...(boundary && { boundaryArn: 'boundary' }),
    tags: {},
  };
  const managed = new Map(boundary ? [['boundary', read([boundary]) ?? null]] : []);
  const around = { accountId: own, managed, now: Date.parse('2027-01-31T12:00:00Z') };
  const share = handMadeShare(role, around);
  if (!share) return 'shut';
  try {
    return adoptableOf(share, around, arnOf(name));
  } catch (error) {
    if (error instanceof NotAdoptable) return error.message;
    throw error;
  }
}

describe('takes over', () => {
  const cases: Readonly<Record<string, readonly [Door, Partial<Adoptable>]>> = {
    'the account and the mode': [{}, { child: { accountId: '222222222222' }, modes: ['sync'] }],
    'the modes that are open, and no denied one': [
      {
        policy: [
          { ...invoke, Action: 'sagemaker:*', Resource: '*' },
          { ...invoke, Effect: 'Deny', Action: 'sagemaker:InvokeEndpointAsync' },
        ],
      },
      { modes: ['sync', 'stream'] },
    ],
    'the modes of this endpoint, not those of others': [
      { policy: [invoke, { ...invoke, Action: 'sagemaker:*', Resource: arnOf('other') }] },
      { modes: ['sync'] },
    ],
    'the earlier of two dates': [
      {
        trust: [{ ...child, Condition: until('2027-03-01T00:00:00Z') }],
        policy: [when(until('2027-06-01T00:00:00Z'))],
      },
      { until: '2027-03-01T00:00:00.000Z' },
    ],
    'the earlier of two dates, the other way round': [
      {
        trust: [{ ...child, Condition: until('2027-06-01T00:00:00Z') }],
        policy: [when(until('2027-03-01T00:00:00Z'))],
      },
      { until: '2027-03-01T00:00:00.000Z' },
    ],
    'target models': [
      { policy: [when({ StringLike: { 'sagemaker:TargetModel': 'tenant-a/*' } })] },
      { targets: { models: ['tenant-a/*'] } },
    ],
    addresses: [
      { policy: [when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })] },
      { conditions: { sourceIps: ['10.0.0.0/8'] } },
    ],
    'VPC endpoints': [
      { policy: [when({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } })] },
      { conditions: { sourceVpces: ['vpce-1'] } },
    ],
    'what a statement without conditions opens': [
      { policy: [invoke, when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })] },
      { modes: ['sync'] },
    ],
    'principals and organization': [
      {
        trust: [
          {
            ...child,
            Condition: {
              ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::222222222222:role/scoring-*' },
              StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
            },
          },
        ],
      },
      {
        child: {
          accountId: '222222222222',
          principals: ['arn:aws:iam::222222222222:role/scoring-*'],
          orgId: 'o-a1b2c3d4e5',
        },
      },
    ],
  };
  for (const [title, [door, expected]] of Object.entries(cases))
    it(title, () => expect(adopt(door)).toMatchObject(expected));

  it('nothing more where it has no conditions', () => {
    expect(Object.keys(adopt({}))).toEqual(['child', 'modes']);
  });
});

describe('refuses', () => {
  const cases: Readonly<Record<string, readonly [Door, RegExp]>> = {
    'all addresses but some': [
      { policy: [when({ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })] },
      /NotIpAddress aws:sourceip/,
    ],
    'all models but one': [
      { policy: [when({ StringNotEquals: { 'sagemaker:TargetModel': 'a' } })] },
      /StringNotEquals sagemaker:targetmodel/,
    ],
    'a model whose name has a star': [
      { policy: [when({ StringEquals: { 'sagemaker:TargetModel': 'a*' } })] },
      /StringEquals sagemaker:targetmodel/,
    ],
    'conditions only where the key is there': [
      { policy: [when({ IpAddressIfExists: { 'aws:SourceIp': '10.0.0.0/8' } })] },
      /IpAddressIfExists/,
    ],
    'a VPC': [{ policy: [when({ StringEquals: { 'aws:SourceVpc': 'vpc-1' } })] }, /aws:sourcevpc\./],
    'an address and a VPC endpoint at once': [
      {
        policy: [
          when({
            IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
            StringEquals: { 'aws:SourceVpce': 'vpce-1' },
          }),
        ],
      },
      /several conditions/,
    ],
    'other conditions for each mode': [
      {
        policy: [
          when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
          { ...invoke, Action: 'sagemaker:InvokeEndpointAsync' },
        ],
      },
      /different conditions/,
    ],
    'a condition of its trust': [
      { trust: [{ ...child, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }] },
      /the trust policy: Bool aws:multifactorauthpresent/,
    ],
    'a principal with a star for a letter': [
      {
        trust: [
          {
            ...child,
            Condition: { StringEquals: { 'aws:PrincipalArn': 'arn:aws:iam::222222222222:role/x*' } },
          },
        ],
      },
      /StringEquals aws:principalarn/,
    ],
    'a deny in its trust that depends on the call': [
      {
        trust: [child, { ...child, Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
      /the trust policy: Bool aws:securetransport/,
    ],
    'a deny that depends on the call': [
      {
        policy: [invoke, { ...when({ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }), Effect: 'Deny' }],
      },
      /a deny or the boundary: NotIpAddress/,
    ],
    'a boundary that depends on the call': [
      { boundary: when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }) },
      /a deny or the boundary: IpAddress/,
    ],
    'streams alone': [
      { policy: [{ ...invoke, Action: 'sagemaker:InvokeEndpointWithResponseStream' }] },
      /would allow both/,
    ],
    'a mode that no grant has': [
      { policy: [{ ...invoke, Action: 'sagemaker:InvokeEndpointWithBidirectionalStream' }] },
      /no mode that a grant has/,
    ],
    'two accounts': [
      { trust: [{ ...child, Principal: { AWS: ['222222222222', '333333333333'] } }] },
      /more than one account/,
    ],
    anybody: [{ trust: [{ ...child, Principal: { AWS: '*' } }] }, /more than one account/],
    'two organizations': [
      {
        trust: [
          {
            ...child,
            Condition: { StringEquals: { 'aws:PrincipalOrgID': ['o-a1b2c3d4e5', 'o-b1b2c3d4e5'] } },
          },
        ],
      },
      /one organization/,
    ],
    'an identity provider': [
      {
        trust: [
          child,
          {
            Effect: 'Allow',
            Principal: { Federated: 'accounts.google.com' },
            Action: 'sts:AssumeRoleWithWebIdentity',
          },
        ],
      },
      /identity provider/,
    ],
  };
  for (const [title, [door, message]] of Object.entries(cases))
    it(title, () => expect(adopt(door)).toMatch(message));
});
