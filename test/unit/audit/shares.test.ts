/** Doors that are easily overlooked: each is a share, with what people need to know of it. */

import { describe, expect, it } from 'vitest';
import { endpointArns } from '../../../lib/audit/endpoint-arns.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import { handMadeShare, isOnlyNamedByProviders, shareEvidence } from '../../../lib/audit/shares.ts';

const own = '111111111111';
const now = Date.parse('2027-01-31T12:00:00Z');
const around = { accountId: own, managed: new Map(), now };
const endpoint = `arn:aws:sagemaker:us-east-1:${own}:endpoint/puppet`;
const documentOf = (...Statement: object[]) => readDocument({ Version: '2012-10-17', Statement });
const allow = (Action: string, Resource: unknown = endpoint, Condition = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});
const trusts = (Principal: unknown, Condition = {}, Action = 'sts:AssumeRole') => ({
  Effect: 'Allow',
  Principal,
  Action,
  Condition,
});

function evidenceOf(trust: object | object[], policy: object | object[] = allow('sagemaker:InvokeEndpoint')) {
  const share = shareOf(trust, policy);
  return share && shareEvidence(share);
}

function shareOf(trust: object | object[], policy: object | object[]) {
  const role: AccountRole = {
    arn: `arn:aws:iam::${own}:role/shared`,
    name: 'shared',
    path: '/',
    id: 'AROASHARED',
    trust: documentOf(...[trust].flat()),
    inline: [{ name: 'inline', document: documentOf(...[policy].flat()) }],
    attached: [],
    instanceProfiles: [],
    tags: {},
  };
  return handMadeShare(role, around);
}

it('counts the own account as inside, also where a variable says it', () => {
  const own = '$' + '{aws:ResourceAccount}';
  expect(evidenceOf(trusts({ AWS: '*' }, { StringEquals: { 'aws:PrincipalAccount': own } }))).toBeUndefined();
});

describe('an identity provider', () => {
  const web = 'sts:AssumeRoleWithWebIdentity';
  const federated = (provider: string) => ({ Federated: `arn:aws:iam::${own}:${provider}` });
  const github = 'token.actions.githubusercontent.com';
  const eks = 'oidc.eks.us-east-1.amazonaws.com/id/ABCDEF';

  it('is somebody outside, with the subjects that it is held to', () => {
    const named = trusts(
      federated(`oidc-provider/${github}`),
      {
        StringEquals: { [`${github}:aud`]: 'sts.amazonaws.com' },
        StringLike: { [`${github}:sub`]: 'repo:acme/scoring:*' },
      },
      web,
    );
    const evidence = evidenceOf(named);
    expect(evidence?.[0]).toBe(`Who: repo:acme/scoring:* of ${github} for sts.amazonaws.com`);
    expect(evidence?.filter((line) => line.startsWith('Pitfall'))).toEqual(['Pitfall: it never expires']);
    expect(isOnlyNamedByProviders(shareOf(named, allow('sagemaker:InvokeEndpoint'))!)).toBe(true);
  });

  it('without a subject lets in whoever has a token of it', () => {
    for (const sub of [
      {},
      { StringLike: { [`${github}:sub`]: '*' } },
      { StringNotEquals: { [`${github}:sub`]: 'x' } },
    ]) {
      const trust = trusts(federated(`oidc-provider/${github}`), sub, web);
      expect(evidenceOf(trust)?.join('\n')).toMatch(
        /^Who: anybody of token.*Pitfall: no subject is required/s,
      );
      expect(isOnlyNamedByProviders(shareOf(trust, allow('sagemaker:*'))!)).toBe(false);
    }
    const google = trusts({ Federated: 'accounts.google.com' }, {}, 'sts:*');
    expect(evidenceOf(google)?.[0]).toBe('Who: anybody of accounts.google.com');
  });

  it('may speak SAML', () => {
    const trust = trusts(federated('saml-provider/Staff'), {}, 'sts:AssumeRoleWithSAML');
    expect(evidenceOf(trust)?.[0]).toBe('Who: anybody of saml-provider/Staff');
    expect(evidenceOf(trusts(federated('saml-provider/Staff'), {}, web))).toBeUndefined();
  });

  it('is inside when it is how the account itself works', () => {
    const pod = { StringEquals: { [`${eks}:sub`]: 'system:serviceaccount:ml:scoring' } };
    expect(evidenceOf(trusts(federated(`oidc-provider/${eks}`), pod, web))).toBeUndefined();
    expect(evidenceOf(trusts(federated(`oidc-provider/${eks}`), {}, web))?.[0]).toBe(
      `Who: anybody of ${eks}`,
    );
    const staff = federated('saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE');
    expect(evidenceOf(trusts(staff, {}, 'sts:AssumeRoleWithSAML'))).toBeUndefined();
  });

  it('that is denied, or whose date has passed, is nobody', () => {
    const trust = trusts(federated(`oidc-provider/${github}`), {}, web);
    const over = { DateLessThan: { 'aws:CurrentTime': '2020' } };
    expect(evidenceOf([trust, { ...trust, Effect: 'Deny' }])).toBeUndefined();
    expect(evidenceOf({ ...trust, Condition: over })).toBeUndefined();
  });
});

describe('a date', () => {
  const until = (...dates: unknown[]) => ({ DateLessThan: { 'aws:CurrentTime': dates } });
  const child = { AWS: '222222222222' };

  it('among several holds until the last of them', () => {
    expect(evidenceOf(trusts(child, until('2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z')))).toBeDefined();
    expect(evidenceOf(trusts(child, until('2020-01-01T00:00:00Z')))).toBeUndefined();
  });

  it('of four digits is a year', () => {
    expect(evidenceOf(trusts(child, until('2030')))).toBeDefined();
    expect(evidenceOf(trusts(child, until('2020')))).toBeUndefined();
    expect(evidenceOf(trusts(child, until(1893456000)))).toBeDefined();
  });
});

describe('a principal', () => {
  const anybody = { AWS: '*' };

  it('that a deny spares gets in, and it alone', () => {
    const spare = (AWS: unknown) => ({ Effect: 'Deny', NotPrincipal: { AWS }, Action: 'sts:AssumeRole' });
    const two = [own, '222222222222'];
    expect(evidenceOf([trusts(anybody), spare(two)])?.[0]).toBe('Who: account 222222222222');
    expect(evidenceOf([trusts(anybody), spare(own)])).toBeUndefined();
    expect(evidenceOf([trusts({ AWS: '333333333333' }), spare(two)])).toBeUndefined();
  });

  it('may be a session, which is its role for conditions', () => {
    const session = { AWS: 'arn:aws:sts::222222222222:assumed-role/scoring/today' };
    const held = (arn: string) => ({ ArnLike: { 'aws:PrincipalArn': arn } });
    expect(evidenceOf(trusts(session))?.[0]).toBe(`Who: ${session.AWS}`);
    expect(evidenceOf(trusts(session, held('arn:aws:iam::222222222222:role/team/scoring')))).toBeDefined();
    expect(evidenceOf(trusts(session, held('arn:aws:iam::222222222222:role/other')))).toBeUndefined();
  });

  it('held to something in any case is shown what it is held to', () => {
    const anyCase = { StringEqualsIgnoreCase: { 'aws:PrincipalArn': 'ARN:AWS:IAM::222222222222:ROLE/X' } };
    const role = { AWS: 'arn:aws:iam::222222222222:role/x' };
    expect(evidenceOf(trusts(role, anyCase))).toContain(
      'Only if: StringEqualsIgnoreCase aws:principalarn ARN:AWS:IAM::222222222222:ROLE/X',
    );
  });

  it('of a whole account is one in every partition', () => {
    const wide = { ArnLike: { 'aws:PrincipalArn': 'arn:aws-cn:iam::222222222222:*' } };
    expect(evidenceOf(trusts(anybody, wide))?.[0]).toBe('Who: account 222222222222');
  });

  it('is shown with the conditions of its trust, and never with an external id', () => {
    const evidence = evidenceOf(
      trusts(
        { AWS: '222222222222' },
        {
          Bool: { 'aws:MultiFactorAuthPresent': 'true' },
          StringEquals: { 'sts:ExternalId': 'secret-1' },
          StringNotEquals: { 'sts:ExternalId': 'secret-2' },
        },
      ),
    );
    expect(evidence).toContain('Only if: Bool aws:multifactorauthpresent true');
    expect(evidence?.join()).not.toContain('secret');
  });
});

describe('what it reaches', () => {
  const child = trusts({ AWS: '222222222222' });

  it('may be a bidirectional stream alone', () => {
    const evidence = evidenceOf(child, allow('sagemaker:InvokeEndpointWithBidirectionalStream'));
    expect(evidence).toContain('How: bidirectional stream');
  });

  const named = (length: number, suffix = '') =>
    Array.from({ length }, (_, index) => `arn:aws:sagemaker:us-east-1:${own}:endpoint/e${index}${suffix}`);

  it('is weighed for each of hundreds of endpoints', () => {
    expect(
      endpointArns([documentOf(allow('x', named(600)))!.statements[0]!], {
        partition: 'aws',
        accountId: own,
      }),
    ).toBeDefined();
    const denied = { ...allow('sagemaker:*', named(599)), Effect: 'Deny' };
    const evidence = evidenceOf(child, [allow('sagemaker:InvokeEndpoint', named(600)), denied]);
    expect(evidence?.filter((line) => line.startsWith('What'))).toEqual([
      `What: endpoint e599 in us-east-1 (arn:aws:sagemaker:us-east-1:${own}:endpoint/e599)`,
    ]);
  });

  it('is said although there are too many to be weighed', () => {
    const many = allow('sagemaker:InvokeEndpoint', named(300, '-*'));
    expect(evidenceOf(child, many)?.join('\n')).toMatch(/too many endpoints to weigh denies and boundary/);
    const denied = { Effect: 'Deny', Action: 'sagemaker:*', Resource: '*' };
    expect(evidenceOf(child, [many, denied])).toBeUndefined();
    const models = allow('sagemaker:InvokeEndpoint', 'arn:aws:s3:::x/*');
    const noEndpoint = named(300, '-*').map((arn) => arn.replace(':endpoint/', ':model/'));
    expect(evidenceOf(child, [models, allow('sagemaker:InvokeEndpoint', noEndpoint)])).toBeUndefined();
  });
});
