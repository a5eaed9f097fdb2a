import { describe, expect, it } from 'vitest';
import { type CreateGrantBody, createGrantBody } from '../../../lib/contract/grant.ts';
import { Problem } from '../../../lib/contract/problems.ts';
import { type DraftSurroundings, draftGrant } from '../../../lib/grant/draft.ts';
import type { DescribedEndpoint } from '../../../lib/grant/endpoints.ts';
import { aGrant, childId, now, parentId, proberRoleArn } from '../../support/a-grant.ts';

const dayMs = 86_400_000;
const bucket = 'sharemaker-async';

function draft(
  body: Partial<CreateGrantBody> = {},
  {
    endpoint,
    ...around
  }: Partial<Omit<DraftSurroundings, 'endpoint'>> & { endpoint?: Partial<DescribedEndpoint> } = {},
) {
  return draftGrant(
    createGrantBody.parse({ endpoint: { name: 'Iris-Classifier' }, child: { accountId: childId }, ...body }),
    {
      proberRoleArn,
      id: 'grt_01mb78qrx0000000000000000f',
      externalId: 'external-id-current',
      endpoint: { ...aGrant().endpoint, status: 'InService', ...endpoint },
      parentAccountId: parentId,
      asyncBucket: bucket,
      by: `arn:aws:iam::${parentId}:user/admin`,
      now,
      ...around,
    },
  );
}

function refusal(body: Partial<CreateGrantBody>, around?: Parameters<typeof draft>[1]) {
  try {
    draft(body, around);
  } catch (error) {
    if (error instanceof Problem)
      return { code: error.code, pointers: error.errors.map(({ pointer }) => pointer) };
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('a draft', () => {
  it('is provisioning, on its way to active, and lives for 90 days', () => {
    expect(draft()).toMatchObject({
      version: 1,
      status: 'provisioning',
      goal: 'active',
      modes: ['sync'],
      expiresAt: new Date(now + 90 * dayMs).toISOString(),
      pending: { operation: 'create' },
      role: {
        name: 'sharemaker-grt_01mb78qrx0000000000000000f',
        arn: `arn:aws:iam::${parentId}:role/sharemaker/${childId}/sharemaker-grt_01mb78qrx0000000000000000f`,
      },
    });
  });

  it('has a role name that IAM takes, in the partition of the endpoint', () => {
    const arn = `arn:aws-us-gov:sagemaker:us-gov-west-1:${parentId}:endpoint/iris-classifier`;
    const { role } = draft({}, { endpoint: { arn } });
    expect(role.name).toMatch(/^[\w+=,.@-]{1,64}$/);
    expect(role.arn.split(':')[1]).toBe('aws-us-gov');
  });

  it('may live for 365 days to the millisecond, and must not have ended', () => {
    const at = (ms: number) => ({ expiresAt: new Date(now + ms).toISOString() });
    expect(draft(at(365 * dayMs)).expiresAt).toBe(at(365 * dayMs).expiresAt);
    expect(refusal(at(365 * dayMs + 1))).toEqual({ code: 'grant.expiry_too_far', pointers: ['/expiresAt'] });
    expect(draft(at(1)).expiresAt).toBe(at(1).expiresAt);
    expect(refusal(at(0))).toEqual({ code: 'grant.expiry_in_past', pointers: ['/expiresAt'] });
  });
});

describe('what IAM could not hold a child to is refused', () => {
  const role = (accountId: string, name = 'a') => `arn:aws:iam::${accountId}:role/${name}`;
  it.each<[string, Partial<CreateGrantBody>, { code: string; pointers: string[] }]>([
    [
      'the parent itself as the child',
      { child: { accountId: parentId } },
      { code: 'grant.child_is_parent', pointers: ['/child/accountId'] },
    ],
    [
      'a principal of another account, by its place in the list',
      { child: { accountId: childId, principals: [role(childId), role('333333333333')] } },
      { code: 'grant.principal_not_child', pointers: ['/child/principals/1'] },
    ],
    [
      'a principal of another partition, whom IAM would never let in',
      { child: { accountId: childId, principals: [role(childId).replace('arn:aws:', 'arn:aws-cn:')] } },
      { code: 'grant.principal_not_child', pointers: ['/child/principals/0'] },
    ],
    [
      'target models with streams',
      { modes: ['sync', 'stream'], targets: { models: ['a'] } },
      { code: 'grant.unenforceable.models_with_stream', pointers: ['/targets/models'] },
    ],
    [
      'target models with async',
      { modes: ['async'], targets: { models: ['a'] } },
      { code: 'grant.unenforceable.models_with_async', pointers: ['/targets/models'] },
    ],
    [
      'components with async',
      { modes: ['async'], targets: { inferenceComponents: ['a'] } },
      { code: 'grant.unenforceable.components_with_async', pointers: ['/targets/inferenceComponents'] },
    ],
    [
      'more principals than a trust policy holds during a rotation',
      {
        child: {
          accountId: childId,
          principals: Array.from({ length: 10 }, (_, n) => role(childId, `${n}`.padEnd(60, 'x'))),
        },
      },
      { code: 'grant.policy_too_large', pointers: ['/child/principals'] },
    ],
    [
      'more models than two permission policies may hold',
      {
        targets: { models: Array.from({ length: 10 }, (_, n) => `${n}`.padEnd(256, 'x')) },
        conditions: manyAddresses(),
      },
      { code: 'grant.policy_too_large', pointers: ['/targets'] },
    ],
  ])('%s', (_name, body, expected) => {
    expect(refusal(body)).toEqual(expected);
  });
});

describe('what IAM cannot hold a child to, but may be granted, is said in a warning', () => {
  const codes = (...args: Parameters<typeof draft>) => draft(...args).warnings.map(({ code }) => code);
  it.each<[string, Parameters<typeof draft>, string[]]>([
    ['nothing to say of a plain grant', [{}], []],
    ['a stream lets plain invocations through, too', [{ modes: ['stream'] }], ['stream.implies_sync']],
    ['streams and plain invocations were both asked for', [{ modes: ['stream', 'sync'] }], []],
    [
      'async input may come from anywhere, and results are elsewhere',
      [{ modes: ['async'] }],
      ['async.input_unrestricted', 'async.results_not_brokered'],
    ],
    [
      'async results lie in our bucket',
      [{ modes: ['async'] }, { endpoint: { async: { output: `s3://${bucket}/` } } }],
      ['async.input_unrestricted'],
    ],
    ['components', [{ targets: { inferenceComponents: ['a'] } }], ['components.unverified']],
    ['addresses', [{ conditions: { sourceIps: ['10.0.0.0/8'] } }], ['conditions.relay_address']],
    [
      'addresses limit invocations, and not what lies in our bucket',
      [
        { modes: ['async'], conditions: { sourceVpces: ['vpce-0a1b2c3d'] } },
        { endpoint: { async: { output: `s3://${bucket}/` } } },
      ],
      ['async.input_unrestricted', 'conditions.not_for_objects'],
    ],
    [
      'an endpoint that is still made',
      [{}, { endpoint: { status: 'Creating' } }],
      ['endpoint.not_in_service'],
    ],
  ])('%s', (_name, args, expected) => {
    expect(codes(...args)).toEqual(expected);
  });
});

describe('brokered results', () => {
  const places = (output: string, failure?: string) =>
    draft({ modes: ['async'] }, { endpoint: { async: { output, ...(failure && { failure }) } } }).async;

  it('lie under the grant, wherever in the bucket the endpoint writes', () => {
    const own = 'grants/grt_01mb78qrx0000000000000000f/out/';
    expect(places(`s3://${bucket}/`)?.outputPrefix).toBe(`s3://${bucket}/${own}`);
    expect(places(`s3://${bucket}/a/b`)?.outputPrefix).toBe(`s3://${bucket}/a/b/${own}`);
    expect(places(`s3://${bucket}/a`, `s3://${bucket}/failed/`)?.failurePrefix).toBe(
      `s3://${bucket}/failed/${own}`,
    );
  });

  it('are none where the endpoint writes to another bucket, even one that begins alike', () => {
    expect(places(`s3://${bucket}-2/`)).toBeUndefined();
    expect(places(`s3://${bucket}/`, 's3://elsewhere/')).not.toHaveProperty('failurePrefix');
  });
});

function manyAddresses(): NonNullable<CreateGrantBody['conditions']> {
  return {
    sourceIps: Array.from({ length: 20 }, (_, n) => `10.0.${n}.0/24`),
    sourceVpces: ['vpce-0a1b2c3d'],
  };
}
