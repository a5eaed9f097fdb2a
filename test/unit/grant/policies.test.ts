import { describe, expect, it } from 'vitest';
import {
  denyDocument,
  effectiveModes,
  markOf,
  permissionDocument,
  shutTrustDocument,
  trustDocument,
} from '../../../lib/grant/policies.ts';
import { type PolicyKind, validatePolicyDocument } from '../../../sandbox/policy/validate.ts';
import { aGrant, childId, parentId, proberRoleArn } from '../../support/a-grant.ts';

const settings = { proberRoleArn };

describe('the documents of a plain grant, word for word', () => {
  it('admit the child with the external id until the date, and the prober under its own name, with its mark', () => {
    expect(trustDocument(aGrant(), settings)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Child',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${childId}:root` },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'sts:ExternalId': 'external-id-current' },
            DateLessThan: { 'aws:CurrentTime': '2027-04-01T00:00:00.000Z' },
            StringNotEquals: { 'sts:RoleSessionName': 'sharemaker-probe' },
          },
        },
        {
          Sid: 'Probe',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${parentId}:root` },
          Action: 'sts:AssumeRole',
          Condition: {
            ArnEquals: { 'aws:PrincipalArn': proberRoleArn },
            StringEquals: {
              'sts:ExternalId': ['external-id-current', 'grt_01mb78qrx0000000000000000f@1.1'],
              'sts:RoleSessionName': 'sharemaker-probe',
            },
            DateLessThan: { 'aws:CurrentTime': '2027-04-01T00:00:00.000Z' },
          },
        },
      ],
    });
  });

  it('let through one action on one endpoint, by its lower-cased ARN in its Region, until the date', () => {
    expect(permissionDocument(aGrant())).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Invoke',
          Effect: 'Allow',
          Action: 'sagemaker:InvokeEndpoint',
          Resource: `arn:aws:sagemaker:us-east-1:${parentId}:endpoint/iris-classifier`,
          Condition: { DateLessThan: { 'aws:CurrentTime': '2027-04-01T00:00:00.000Z' } },
        },
      ],
    });
  });
});

it('keeps the old external id in a statement with a date of its own', () => {
  const externalIds = {
    current: 'external-id-new',
    previous: { value: 'external-id-old', validUntil: '2027-01-11T00:00:00.000Z' },
  };
  const { Statement } = trustDocument(aGrant({ externalIds }), settings);
  expect(Statement.map(({ Sid }) => Sid)).toEqual(['Child', 'ChildPrevious', 'Probe']);
  expect(Statement[1]?.Condition).toEqual({
    StringEquals: { 'sts:ExternalId': 'external-id-old' },
    DateLessThan: { 'aws:CurrentTime': '2027-01-11T00:00:00.000Z' },
    StringNotEquals: { 'sts:RoleSessionName': 'sharemaker-probe' },
  });
});

it('follows the endpoint into its partition', () => {
  const endpoint = {
    ...aGrant().endpoint,
    region: 'cn-north-1',
    arn: `arn:aws-cn:sagemaker:cn-north-1:${parentId}:endpoint/iris-classifier`,
  };
  const { Statement } = trustDocument(aGrant({ endpoint }), settings);
  expect(Statement[0]?.Principal).toEqual({ AWS: `arn:aws-cn:iam::${childId}:root` });
});

it.each([
  [['sync'], ['sync']],
  [['stream'], ['sync', 'stream']],
  [['async'], ['async']],
  [
    ['async', 'stream'],
    ['sync', 'stream', 'async'],
  ],
] as const)('knows that modes %j let through %j', (modes, through) => {
  expect(effectiveModes(modes)).toEqual(through);
});

it('shuts everything with one deny', () => {
  expect(denyDocument.Statement).toEqual([{ Sid: 'Shut', Effect: 'Deny', Action: '*', Resource: '*' }]);
});

it('lets the prober in for a proof of death whatever the date', () => {
  const [statement, ...others] = shutTrustDocument(aGrant(), settings, markOf(aGrant(), 1)).Statement;
  expect(others).toEqual([]);
  expect(statement?.Condition).not.toHaveProperty('DateLessThan');
});

it.each<[string, PolicyKind, object]>([
  ['permission', 'identity', permissionDocument(aGrant({ modes: ['sync', 'stream', 'async'] }))],
  ['deny', 'identity', denyDocument],
  ['trust', 'trust', trustDocument(aGrant({ recordCaller: true }), settings)],
  ['trust of a shut role', 'trust', shutTrustDocument(aGrant(), settings, markOf(aGrant(), 1))],
])('writes a %s that IAM takes', (_name, kind, document) => {
  expect(validatePolicyDocument(JSON.stringify(document), kind)).toMatchObject({ ok: true });
});
