/** Requests that a grant allows but for one thing or two: far more telling than requests that nobody would allow. */

import fc from 'fast-check';
import type { Share } from '../../../lib/grant/grant.ts';
import type { PolicyDocument } from '../../../sandbox/policy/document.ts';
import { evaluate, globalContext } from '../../../sandbox/policy/evaluate.ts';
import { bucket, childId, mark, otherMark, parentId, proberRoleArn, strangerId } from './arbitrary-share.ts';

/** AssumeRole on the share role. */
export interface Entry {
  readonly accountId: string;
  readonly principalArn: string;
  readonly orgId: string | undefined;
  readonly externalId: string | undefined;
  readonly sessionName: string;
  readonly sourceIdentity: string | undefined;
  readonly hasTags: boolean;
  readonly at: number;
}

/** A call with a session of the share role. */
export interface Invocation {
  readonly action: string;
  readonly resource: string;
  readonly targetModel: string | undefined;
  readonly sessionName: string;
  readonly sourceIp: string;
  readonly sourceVpce: string | undefined;
  readonly at: number;
}

const mostly = <T>(right: T | readonly T[], others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...(Array.isArray(right) ? right : [right])) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  ) as fc.Arbitrary<T>;

const dayMs = 86_400_000;

export function entryTo(share: Share): fc.Arbitrary<Entry> {
  const end = Date.parse(share.expiresAt);
  const graceEnd = Date.parse(share.externalIds.previous?.validUntil ?? share.expiresAt);
  const named = (share.child.principals ?? ['arn:aws:iam::222222222222:role/any']).map((pattern) =>
    pattern.replaceAll('*', 'x').replaceAll('?', 'b'),
  );
  return fc
    .record({
      who: mostly<'child' | 'prober' | 'stranger' | 'parent'>(
        ['child', 'child', 'prober'],
        ['stranger', 'parent'],
      ),
      principal: mostly(named, [
        `arn:aws:iam::${childId}:role/other`,
        `arn:aws:iam::${childId}:user/scoring`,
        `arn:aws:iam::${childId}:role/team/x/y`,
        `arn:aws:iam::${childId}:role/Scoring-a`,
      ]),
      orgId: mostly<string | undefined>(share.child.orgId, [undefined, 'o-zzzzzzzzzz']),
      externalId: mostly<string | undefined>(
        [share.externalIds.current, 'external-id-next', 'external-id-previous', mark],
        [undefined, otherMark, 'external-id-retired', 'EXTERNAL-ID-CURRENT', 'external-id-curren', '*', ''],
      ),
      childSession: mostly('relay', ['sharemaker-probe', 'Sharemaker-Probe']),
      proberSession: mostly('sharemaker-probe', ['relay']),
      childIdentity: mostly<string | undefined>(share.recordCaller ? 'somebody' : undefined, [
        undefined,
        'somebody',
      ]),
      proberIdentity: mostly<string | undefined>(undefined, ['somebody']),
      hasTags: mostly(false, [true]),
      at: mostly([end - dayMs, end - 1, graceEnd - 1], [end, end + 1, graceEnd, graceEnd + 1, end + dayMs]),
    })
    .map(({ who, principal, childSession, proberSession, childIdentity, proberIdentity, ...rest }) => ({
      ...rest,
      sourceIdentity: who === 'child' || who === 'stranger' ? childIdentity : proberIdentity,
      accountId: who === 'child' ? childId : who === 'stranger' ? strangerId : parentId,
      principalArn:
        who === 'prober'
          ? proberRoleArn
          : principal.replace(
              childId,
              who === 'child' ? childId : who === 'stranger' ? strangerId : parentId,
            ),
      sessionName: who === 'child' || who === 'stranger' ? childSession : proberSession,
    }));
}

const ofSageMaker = [
  'sagemaker:InvokeEndpoint',
  'sagemaker:InvokeEndpointWithResponseStream',
  'sagemaker:InvokeEndpointAsync',
];
const ofOthers = [
  'sagemaker:CallWithBearerToken',
  'sagemaker:InvokeEndpointWithBidirectionalStream',
  'sagemaker:CreateEndpoint',
  'sagemaker:DescribeEndpoint',
  's3:ListBucket',
  's3:DeleteObject',
  'iam:PassRole',
  'sts:AssumeRole',
];

export function invocationOf(share: Share): fc.Arbitrary<Invocation> {
  const end = Date.parse(share.expiresAt);
  const { arn } = share.endpoint;
  const component = arn.replace(/endpoint\/.*/, 'inference-component/');
  const models = (share.targets?.models ?? ['any']).map((pattern) =>
    pattern.replaceAll('*', 'x').replaceAll('?', '1'),
  );
  const { sourceIps = ['198.51.100.1'], sourceVpces = [] } = share.conditions ?? {};
  const rest = {
    targetModel: mostly<string | undefined>(share.targets?.models ? models : undefined, [
      undefined,
      'tenant-b/m',
      'upper/m',
      'model-12.tar.gz',
    ]),
    sessionName: mostly('relay', ['sharemaker-probe', 'x-sharemaker-probe', 'sharemaker-probe-x']),
    sourceIp: mostly(
      sourceIps.map((range) =>
        (range.split('/')[0] ?? '').replace('::', '::1').replace(/^0\.0\.0\.0$/, '9.9.9.9'),
      ),
      ['198.51.100.1', '11.0.0.0', '203.0.113.63', '2001:db9::1', '255.255.255.255'],
    ),
    sourceVpce: mostly<string | undefined>([undefined, ...sourceVpces], ['vpce-99999999', undefined]),
    at: mostly([end - 1, end - dayMs], [end, end + 1, end + dayMs]),
  };
  const onEndpoints = fc.record({
    ...rest,
    action: mostly(ofSageMaker, ofOthers),
    resource: mostly(
      [arn, ...(share.targets?.inferenceComponents ?? []).map((name) => component + name)],
      [
        `${arn}x`,
        `${arn}/x`,
        arn.slice(0, -1),
        arn.replace('us-east-1', 'us-west-2'),
        arn.replace(parentId, strangerId),
        `${component}llm-a`,
        `${component}llm-z`,
        '*',
      ],
    ),
  });
  const onObjects = fc.record({
    ...rest,
    action: fc.constantFrom('s3:PutObject', 's3:GetObject', 's3:DeleteObject'),
    resource: fc.constantFrom(
      ...['in/x', 'out/x', 'inx', 'outx', ''].map(
        (key) => `arn:aws:s3:::${bucket}/grants/${share.id}/${key}`,
      ),
      `arn:aws:s3:::${bucket}/failures/grants/${share.id}/out/x`,
      `arn:aws:s3:::${bucket}/failures/grants/${share.id}/outx`,
      `arn:aws:s3:::${bucket}/grants/grt_other/in/x`,
      `arn:aws:s3:::${bucket}-2/grants/${share.id}/in/x`,
      `arn:aws:s3:::${bucket}`,
    ),
  });
  return fc.oneof({ weight: 4, arbitrary: onEndpoints }, { weight: 1, arbitrary: onObjects });
}

/**
 * Which actions of STS see the external id and the session's name of an AssumeRole request. The Service Authorization Reference
 * lists these keys for sts:AssumeRole alone; that AWS holds to it is not documented, so a trust policy must be right either way.
 */
export const readings = ['the keys of the action', 'the keys of the request'] as const;
export type Reading = (typeof readings)[number];

/** STS asks for the role, and for all that the session is to carry. */
export function actionsFor({ sourceIdentity, hasTags }: Entry): string[] {
  return [
    'sts:AssumeRole',
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
    ...(hasTags ? ['sts:TagSession'] : []),
  ];
}

/** What the sandbox's IAM says to it, the caller's own account allowing everything. */
export function isEntryAllowed(trust: PolicyDocument, entry: Entry, reading: Reading): boolean {
  return actionsFor(entry).every((action) => isActionAllowed(trust, entry, action, reading));
}

/** Whether a trust policy would let the caller do one of the actions that STS asks for. */
export function isActionAllowed(
  trust: PolicyDocument,
  entry: Entry,
  action: string,
  reading: Reading,
): boolean {
  const [, name = ''] = entry.principalArn.split('/').slice(-2);
  const caller = {
    type: 'AssumedRole' as const,
    accountId: entry.accountId,
    arn: `arn:aws:sts::${entry.accountId}:assumed-role/${name}/x`,
    principalArn: entry.principalArn,
    userId: 'AROACALLER:x',
  };
  const everywhere = {
    ...globalContext(caller, { now: entry.at, sourceIp: '198.51.100.9', orgId: entry.orgId }),
    ...(entry.sourceIdentity !== undefined && { 'sts:SourceIdentity': entry.sourceIdentity }),
  };
  const ofAssumeRole = {
    'sts:RoleSessionName': entry.sessionName,
    ...(entry.externalId !== undefined && { 'sts:ExternalId': entry.externalId }),
  };
  const isSeen = action === 'sts:AssumeRole' || reading === 'the keys of the request';
  return evaluate({
    action,
    resource: `arn:aws:iam::${parentId}:role/sharemaker/${childId}/sharemaker-grt`,
    resourceAccountId: parentId,
    caller,
    context: { ...everywhere, ...(isSeen && ofAssumeRole) },
    identity: [everything],
    resourcePolicy: trust,
  }).allowed;
}

export function isInvocationAllowed(
  policies: readonly PolicyDocument[],
  call: Invocation,
  boundary?: PolicyDocument,
): boolean {
  const role = 'sharemaker-grt';
  const caller = {
    type: 'AssumedRole' as const,
    accountId: parentId,
    arn: `arn:aws:sts::${parentId}:assumed-role/${role}/${call.sessionName}`,
    principalArn: `arn:aws:iam::${parentId}:role/sharemaker/${childId}/${role}`,
    userId: `AROASHARE:${call.sessionName}`,
  };
  const { at, sourceIp, sourceVpce } = call;
  return evaluate({
    action: call.action,
    resource: call.resource,
    caller,
    context: {
      ...globalContext(caller, { now: at, sourceIp, sourceVpce }),
      ...(call.targetModel !== undefined && { 'sagemaker:TargetModel': call.targetModel }),
    },
    identity: policies,
    boundary,
  }).allowed;
}

const everything: PolicyDocument = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
};
