/**
 * A role is reported exactly when somebody outside gets through it: random roles, judged by the audit from their documents
 * and by the sandbox's policy evaluation from every request that the documents can tell apart.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import { concernsEndpoints } from '../../../lib/audit/reach.ts';
import { handMadeShare } from '../../../lib/audit/shares.ts';
import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import { evaluate, globalContext } from '../../../sandbox/policy/evaluate.ts';

const own = '111111111111';
const now = Date.parse('2027-01-01T00:00:00Z');
const roleArn = `arn:aws:iam::${own}:role/shared`;

const callers = [
  { accountId: own, name: 'inside', orgId: 'o-aaaaaaaaaa' },
  { accountId: '222222222222', name: 'scoring-a', orgId: 'o-aaaaaaaaaa' },
  { accountId: '222222222222', name: 'scoring-b', orgId: 'o-aaaaaaaaaa' },
  { accountId: '222222222222', name: 'other', orgId: 'o-aaaaaaaaaa' },
  // What organization another account is in, no document tells.
  { accountId: '333333333333', name: 'stranger', orgId: undefined },
  { accountId: '333333333333', name: 'member', orgId: 'o-aaaaaaaaaa' },
  { accountId: '444444444444', name: 'nobody-names-it', orgId: 'o-aaaaaaaaaa' },
].flatMap(({ accountId, name, orgId }) =>
  ['s', 't'].map((session) => ({
    orgId,
    caller: {
      type: 'AssumedRole' as const,
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
      principalArn: `arn:aws:iam::${accountId}:role/${name}`,
      userId: `AROA${accountId}:${session}`,
      session: { name: session, issuedAt: now, expiresAt: now + 1, policies: [], tags: {} },
    },
  })),
);
const externalIds = [undefined, 'secret', own];
const endpoints = ['us-east-1', 'eu-west-1', 'ap-south-2'].flatMap((region) =>
  ['puppet', 'pupil', 'iris'].map((name) => `arn:aws:sagemaker:${region}:${own}:endpoint/${name}`),
);
const actions = [
  'InvokeEndpoint',
  'InvokeEndpointAsync',
  'InvokeEndpointWithResponseStream',
  'InvokeEndpointWithBidirectionalStream',
].map((name) => `sagemaker:${name}`);

const date = fc.constantFrom(
  {},
  {},
  { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
  { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } },
  { DateLessThan: { 'aws:CurrentTime': '2030' } },
  { DateLessThan: { 'aws:CurrentTime': ['2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z'] } },
);
const principal = fc.constantFrom<object>(
  { Principal: { AWS: own } },
  { Principal: { AWS: '222222222222' } },
  { Principal: { AWS: `arn:aws:iam::222222222222:role/scoring-a` } },
  { Principal: { AWS: ['arn:aws:iam::222222222222:root', '333333333333'] } },
  { Principal: { AWS: 'arn:aws:sts::222222222222:assumed-role/scoring-a/s' } },
  { Principal: '*' },
  { Principal: { AWS: 'AROAGONEGONEGONEGONE1' } },
  { Principal: { Service: 'ec2.amazonaws.com' } },
  { NotPrincipal: { AWS: own } },
);
const asked = fc.constantFrom<object>(
  {},
  {},
  { StringEquals: { 'sts:ExternalId': 'secret' } },
  { StringEquals: { 'aws:PrincipalAccount': own } },
  { StringEquals: { 'aws:PrincipalAccount': ['222222222222'] } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::222222222222:role/scoring-*' } },
  { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${own}:role/*` } },
  { StringEquals: { 'aws:PrincipalOrgID': 'o-aaaaaaaaaa' } },
);
const trustStatement = fc
  .record({
    effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    principal,
    asked,
    date,
    action: fc.constantFrom('sts:AssumeRole', 'sts:*', 'sts:TagSession'),
  })
  .map(({ effect, principal: who, asked: conditions, date: until, action }) => ({
    Effect: effect,
    ...who,
    Action: action,
    // A deny with conditions is for the audit to overlook: it reports what may be shut, rather than miss what is open.
    ...(effect === 'Allow' && { Condition: { ...conditions, ...until } }),
  }));
const sparing = fc.constantFrom(
  { AWS: own },
  { AWS: [own, '222222222222', 'arn:aws:iam::222222222222:role/scoring-a'] },
  {
    AWS: [
      '222222222222',
      'arn:aws:iam::222222222222:role/scoring-a',
      'arn:aws:sts::222222222222:assumed-role/scoring-a/s',
    ],
  },
);

const resource = fc.constantFrom(
  '*',
  `arn:aws:sagemaker:*:${own}:endpoint/puppet`,
  `arn:aws:sagemaker:us-east-1:${own}:endpoint/pup*`,
  `arn:aws:sagemaker:us-east-1:${own}:endpoint/*`,
  `arn:aws:sagemaker:eu-west-1:${own}:*`,
  'arn:aws:sagemaker:*',
  `arn:aws:sagemaker:*:${own}:model/*`,
  'arn:aws:sagemaker:us-east-1:999999999999:endpoint/*',
  'arn:aws:s3:::bucket/*',
);
const action = fc.constantFrom(
  'sagemaker:InvokeEndpoint',
  'sagemaker:Invoke*',
  'SageMaker:invokeendpointasync',
  'sagemaker:*',
  '*',
  's3:GetObject',
  'sagemaker:Describe*',
  'sagemaker:InvokeEndpointWithBidirectionalStream',
);
const permission = fc
  .record({
    effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
    action: fc.oneof(
      action.map((Action) => ({ Action })),
      action.map((NotAction) => ({ NotAction })),
    ),
    resource: fc.oneof(
      { weight: 4, arbitrary: resource.map((Resource) => ({ Resource })) },
      { weight: 1, arbitrary: resource.map((NotResource) => ({ NotResource })) },
    ),
    date,
  })
  .map(({ effect, action: what, resource: where, date: until }) => ({
    Effect: effect,
    ...what,
    ...where,
    ...(effect === 'Allow' && { Condition: until }),
  }));

const documentOf = (statements: readonly object[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements as Statement[],
});
const document = (statement: fc.Arbitrary<object>, maxLength: number) =>
  fc.array(statement, { minLength: 1, maxLength }).map(documentOf);

interface RandomRole {
  readonly trust: PolicyDocument;
  readonly inline: PolicyDocument;
  readonly attached: PolicyDocument;
  readonly boundary: PolicyDocument | undefined;
}

function letsThrough({ trust, inline, attached, boundary }: RandomRole): boolean {
  const mayAssume = callers
    .filter(({ caller }) => caller.accountId !== own)
    .some(({ caller, orgId }) =>
      externalIds.some(
        (externalId) =>
          evaluate({
            action: 'sts:AssumeRole',
            resource: roleArn,
            resourceAccountId: own,
            caller,
            context: {
              ...globalContext(caller, { now, sourceIp: '203.0.113.7', orgId }),
              ...(externalId && { 'sts:ExternalId': externalId }),
            },
            identity: [documentOf([{ Effect: 'Allow', Action: '*', Resource: '*' }])],
            resourcePolicy: trust,
          }).allowed,
      ),
    );
  if (!mayAssume) return false;
  const session = {
    ...callers[0]!.caller,
    arn: `arn:aws:sts::${own}:assumed-role/shared/s`,
    principalArn: roleArn,
  };
  return actions.some((invoke) =>
    endpoints.some(
      (endpoint) =>
        evaluate({
          action: invoke,
          resource: endpoint,
          caller: session,
          context: globalContext(session, { now, sourceIp: '203.0.113.7' }),
          identity: [inline, attached],
          boundary,
        }).allowed,
    ),
  );
}

function isReported({ trust, inline, attached, boundary }: RandomRole): boolean {
  const kept = (one: PolicyDocument) => {
    const readable = readDocument(one);
    return readable && concernsEndpoints(readable) ? readable : null;
  };
  const role: AccountRole = {
    arn: roleArn,
    name: 'shared',
    path: '/',
    id: 'AROASHARED',
    trust: readDocument(trust),
    inline: [{ name: 'inline', document: readDocument(inline) }],
    attached: ['attached'],
    instanceProfiles: [],
    ...(boundary && { boundaryArn: 'boundary' }),
    tags: {},
  };
  const managed = new Map([
    ['attached', kept(attached)],
    ['boundary', boundary ? kept(boundary) : null],
  ]);
  return handMadeShare(role, { accountId: own, managed, now }) !== undefined;
}

it('reports a role exactly when somebody outside can invoke an endpoint through it', () => {
  let open = 0;
  let shut = 0;
  fc.assert(
    fc.property(
      document(trustStatement, 2),
      document(permission, 3),
      document(permission, 2),
      fc.option(document(permission, 2), { nil: undefined }),
      (trust, inline, attached, boundary) => {
        const role = { trust, inline, attached, boundary };
        const isOpen = letsThrough(role);
        if (isOpen) open++;
        else shut++;
        expect(isReported(role)).toBe(isOpen);
      },
    ),
    { numRuns: Number(process.env['FUZZ_CASES'] ?? 3_000) },
  );
  // The dice are loaded so that both ends are well tried.
  expect(Math.min(open, shut)).toBeGreaterThan(100);
});

it('reports every role that is open to those whom a deny spares', () => {
  let open = 0;
  fc.assert(
    fc.property(document(trustStatement, 2), sparing, document(permission, 2), (trust, spared, inline) => {
      const deny = { Effect: 'Deny', NotPrincipal: spared, Action: 'sts:AssumeRole' };
      const guarded = documentOf([...[trust.Statement].flat(), deny]);
      const role = { trust: guarded, inline, attached: documentOf([]), boundary: undefined };
      // AWS: whom NotPrincipal spares depends on how sessions are named; the audit reports what may be shut.
      if (!letsThrough(role)) return;
      open++;
      expect(isReported(role)).toBe(true);
    }),
    { numRuns: Number(process.env['FUZZ_CASES'] ?? 3_000) },
  );
  expect(open).toBeGreaterThan(30);
});
