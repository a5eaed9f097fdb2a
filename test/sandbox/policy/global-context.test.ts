import { expect, it } from 'vitest';
import { globalContext } from '../../../sandbox/policy/global-context.ts';

const now = Date.parse('2027-03-01T12:00:00.250Z');
const user = {
  type: 'User' as const,
  accountId: '111111111111',
  principalArn: 'arn:aws:iam::111111111111:user/alice',
  userId: 'AIDAALICE000000000001',
  username: 'alice',
};
const session = {
  name: 'run-7',
  issuedAt: now - 60_000,
  expiresAt: now + 60_000,
  policies: [],
  tags: { team: 'red' },
};

it('gives a user with long-term keys no key of a session', () => {
  expect(globalContext(user, { now, sourceIp: '203.0.113.7' })).toEqual({
    'aws:CurrentTime': '2027-03-01T12:00:00.250Z',
    'aws:EpochTime': '1803902400',
    'aws:PrincipalArn': user.principalArn,
    'aws:PrincipalAccount': '111111111111',
    'aws:PrincipalType': 'User',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:userid': user.userId,
    'aws:username': 'alice',
    'aws:SourceIp': '203.0.113.7',
    'aws:SecureTransport': 'true',
  });
});

it('tells when a session began, who stands behind it, and that there was no MFA', () => {
  const caller = { ...user, type: 'AssumedRole' as const, session: { ...session, sourceIdentity: 'alice' } };
  expect(globalContext(caller, { now, sourceIp: '203.0.113.7' })).toMatchObject({
    'aws:TokenIssueTime': '2027-03-01T11:59:00.250Z',
    'aws:SourceIdentity': 'alice',
    'aws:MultiFactorAuthPresent': 'false',
  });
});

it('lets session tags win over tags of the role', () => {
  const caller = { ...user, session };
  const tags = globalContext(caller, { now, sourceIp: '::1', principalTags: { team: 'blue', cost: '7' } });
  expect(tags).toMatchObject({ 'aws:PrincipalTag/team': 'red', 'aws:PrincipalTag/cost': '7' });
});

it('has no source address for what came through a VPC endpoint', () => {
  const context = globalContext(user, { now, sourceIp: '10.0.0.1', sourceVpce: 'vpce-1', orgId: 'o-1' });
  expect(context).toMatchObject({ 'aws:SourceVpce': 'vpce-1', 'aws:PrincipalOrgID': 'o-1' });
  expect(context).not.toHaveProperty('aws:SourceIp');
});
