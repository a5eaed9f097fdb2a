/** Grants of every shape that may be drafted, with two external ids or three, young and old. */

import fc from 'fast-check';
import type { Mode } from '../../../lib/contract/fields.ts';
import type { Share } from '../../../lib/grant/grant.ts';

export const parentId = '111111111111';
export const childId = '222222222222';
export const strangerId = '333333333333';
export const proberRoleArn = `arn:aws:iam::${parentId}:role/sharemaker-system/sharemaker-prober-dev`;
export const bucket = 'sharemaker-async';
export const now = Date.parse('2027-01-01T00:00:00Z');

const grantId = 'grt_01mb78qrx0000000000000000f';
/** Of the documents at hand, and of those before them. */
export const mark = `${grantId}@2.1`;
export const otherMark = `${grantId}@1.1`;
const dayMs = 86_400_000;

const principals = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom('role', 'user'),
      fc.constantFrom('scoring', 'scoring-*', 'team/*', 'a?c', '*', 'app+x=1,2.3@y'),
    )
    .map(([kind, name]) => `arn:aws:iam::${childId}:${kind}/${name}`),
  { minLength: 1, maxLength: 3 },
);

const conditions = fc
  .record(
    {
      sourceIps: fc.uniqueArray(
        fc.constantFrom('10.0.0.0/8', '192.0.2.7', '203.0.113.64/26', '2001:db8::/32', '0.0.0.0/1'),
        { minLength: 1, maxLength: 3 },
      ),
      sourceVpces: fc.uniqueArray(fc.constantFrom('vpce-0a1b2c3d', 'vpce-11111111'), {
        minLength: 1,
        maxLength: 2,
      }),
    },
    { requiredKeys: [] },
  )
  .filter((chosen) => Object.keys(chosen).length > 0);

/** With each, the modes that can be had with it. */
const modesAndTargets = fc.oneof(
  fc.record({
    modes: fc.subarray<Mode>(['sync', 'stream', 'async'], { minLength: 1 }),
  }),
  fc.record({
    modes: fc.constant<Mode[]>(['sync']),
    targets: fc.record({
      models: fc.uniqueArray(
        fc.constantFrom('tenant-a/*', 'model-?.tar.gz', 'exact.tar.gz', '*', 'UPPER/*'),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    }),
  }),
  fc.record({
    modes: fc.subarray<Mode>(['sync', 'stream'], { minLength: 1 }),
    targets: fc.record({
      inferenceComponents: fc.uniqueArray(fc.constantFrom('llm-a', 'LLM-B', 'c1'), { minLength: 1 }),
    }),
  }),
);

const externalIds = fc.record(
  {
    current: fc.constant('external-id-current'),
    next: fc.constant({ value: 'external-id-next', graceSeconds: 60 }),
    previous: fc
      .integer({ min: -3, max: 20 })
      .map((days) => ({ value: 'external-id-previous', validUntil: iso(now + days * dayMs) })),
    retired: fc.constant(['external-id-retired']),
  },
  { requiredKeys: ['current'] },
);

export const arbitraryShare: fc.Arbitrary<Share> = fc
  .record({
    name: fc.constantFrom('Iris-Classifier', 'puppet', 'A'),
    daysLeft: fc.integer({ min: -2, max: 365 }),
    principals: fc.option(principals, { nil: undefined }),
    orgId: fc.constantFrom(undefined, 'o-a1b2c3d4e5'),
    shape: modesAndTargets,
    conditions: fc.option(conditions, { nil: undefined }),
    recordCaller: fc.boolean(),
    externalIds,
    writesHere: fc.boolean(),
  })
  .map(({ name, daysLeft, principals: named, orgId, shape, conditions: limits, recordCaller, ...rest }) => ({
    id: grantId,
    endpoint: {
      name,
      region: 'us-east-1',
      arn: `arn:aws:sagemaker:us-east-1:${parentId}:endpoint/${name.toLowerCase()}`,
      createdAt: iso(now),
    },
    child: { accountId: childId, ...(named && { principals: named }), ...(orgId && { orgId }) },
    ...shape,
    ...(limits && { conditions: limits as NonNullable<Share['conditions']> }),
    ...(recordCaller && { recordCaller: true }),
    ...(shape.modes.includes('async') && rest.writesHere && { async: places }),
    expiresAt: iso(now + daysLeft * dayMs),
    externalIds: withinLife(rest.externalIds, iso(now + daysLeft * dayMs)),
  }));

const places: NonNullable<Share['async']> = {
  inputPrefix: `s3://${bucket}/grants/${grantId}/in/`,
  outputPrefix: `s3://${bucket}/grants/${grantId}/out/`,
  failurePrefix: `s3://${bucket}/failures/grants/${grantId}/out/`,
  outputPathExtension: `grants/${grantId}/out`,
};

/** No grace period outlives its grant. */
function withinLife(ids: Share['externalIds'], expiresAt: string): Share['externalIds'] {
  const { previous, ...others } = ids;
  if (!previous) return ids;
  const validUntil = previous.validUntil < expiresAt ? previous.validUntil : expiresAt;
  return { ...others, previous: { ...previous, validUntil } };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
