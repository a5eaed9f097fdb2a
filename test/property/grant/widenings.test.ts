/** Each way to make one statement of a share role wider lets some request through that the grant does not allow: enumerated. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Share } from '../../../lib/grant/grant.ts';
import { permissionDocument, shutTrustDocument, trustDocument } from '../../../lib/grant/policies.ts';
import type { PolicyDocument, Statement } from '../../../lib/grant/policy-document.ts';
import {
  type Entry,
  entryTo,
  invocationOf,
  isActionAllowed,
  isInvocationAllowed,
  readings,
} from './arbitrary-request.ts';
import { childId, mark, now, parentId, proberRoleArn } from './arbitrary-share.ts';
import { mayDo, mayInvoke } from './share-oracle.ts';

const settings = { proberRoleArn };

const expiresAt = new Date(now + 10 * 86_400_000).toISOString();
const plain: Share = {
  id: 'grt_01mb78qrx0000000000000000f',
  endpoint: {
    name: 'Iris-Classifier',
    region: 'us-east-1',
    arn: `arn:aws:sagemaker:us-east-1:${parentId}:endpoint/iris-classifier`,
    createdAt: new Date(now).toISOString(),
  },
  child: { accountId: childId },
  modes: ['sync'],
  expiresAt,
  externalIds: { current: 'external-id-current' },
};

const shares: readonly [string, Share][] = [
  ['a plain grant', plain],
  [
    'a grant to named principals',
    { ...plain, child: { ...plain.child, principals: [`arn:aws:iam::${childId}:role/scoring-*`] } },
  ],
  ['a grant within an organization', { ...plain, child: { ...plain.child, orgId: 'o-a1b2c3d4e5' } }],
  ['a grant that records its callers', { ...plain, recordCaller: true }],
  ['a grant of some models', { ...plain, targets: { models: ['tenant-a/*'] } }],
  ['a grant of a component', { ...plain, modes: ['stream'], targets: { inferenceComponents: ['llm-a'] } }],
  [
    'a grant to some addresses',
    { ...plain, conditions: { sourceIps: ['10.0.0.0/8'], sourceVpces: ['vpce-0a1b2c3d'] } },
  ],
  [
    'a grant in the middle of a rotation',
    {
      ...plain,
      externalIds: {
        current: 'external-id-current',
        next: { value: 'external-id-next', graceSeconds: 60 },
        previous: { value: 'external-id-previous', validUntil: new Date(now + 86_400_000).toISOString() },
      },
    },
  ],
  [
    'a grant with brokered results',
    {
      ...plain,
      modes: ['async'],
      async: {
        inputPrefix: `s3://sharemaker-async/grants/${plain.id}/in/`,
        outputPrefix: `s3://sharemaker-async/grants/${plain.id}/out/`,
        outputPathExtension: `grants/${plain.id}/out`,
      },
    },
  ],
  [
    'a grant with brokered results and failures',
    {
      ...plain,
      modes: ['async'],
      async: {
        inputPrefix: `s3://sharemaker-async/grants/${plain.id}/in/`,
        outputPrefix: `s3://sharemaker-async/grants/${plain.id}/out/`,
        failurePrefix: `s3://sharemaker-async/failures/grants/${plain.id}/out/`,
        outputPathExtension: `grants/${plain.id}/out`,
      },
    },
  ],
];

interface Widening {
  readonly title: string;
  readonly document: PolicyDocument;
}

describe.each(shares)('%s', (_name, share) => {
  it('lets nobody in by a wider trust unnoticed', () => {
    expect(unnoticed(share, trustDocument(share, settings, mark), mayDo)).toEqual([]);
  });

  it('lets nobody in by a wider trust unnoticed once it is shut', () => {
    const forProofs = (_share: Share, entry: Entry) =>
      entry.externalId === mark && mayDo['sts:AssumeRole']?.(timeless, entry) === true;
    const timeless = { ...share, expiresAt: '9999-01-01T00:00:00Z' };
    const shut = { 'sts:AssumeRole': forProofs, 'sts:SetSourceIdentity': never, 'sts:TagSession': never };
    expect(unnoticed(share, shutTrustDocument(share, settings, mark), shut)).toEqual([]);
  });

  it('lets nothing through by a wider permission unnoticed', () => {
    const calls = fc.sample(invocationOf(share), { numRuns: 4_000, seed: 1 });
    const missed = wideningsOf(permissionDocument(share)).filter(
      ({ document }) =>
        !calls.some((call) => isInvocationAllowed([document], call) && !mayInvoke(share, call)),
    );
    expect(missed.map(({ title }) => title)).toEqual([]);
  });
});

const never = () => false;

/** Widenings by which no caller may do anything that the oracle forbids. */
function unnoticed(share: Share, document: PolicyDocument, oracle: typeof mayDo): string[] {
  const entries = fc.sample(entryTo(share), { numRuns: 4_000, seed: 1 });
  const isNoticed = (wider: PolicyDocument) =>
    entries.some((entry) =>
      Object.entries(oracle).some(
        ([action, may]) =>
          !may(share, entry) && readings.some((reading) => isActionAllowed(wider, entry, action, reading)),
      ),
    );
  return wideningsOf(document).flatMap(({ title, document: wider }) => (isNoticed(wider) ? [] : [title]));
}

function wideningsOf(document: PolicyDocument): Widening[] {
  return document.Statement.flatMap((statement, index) =>
    [...wider(statement)].map(([title, changed]) => ({
      title: `${statement.Sid}: ${title}`,
      document: { ...document, Statement: document.Statement.with(index, changed) },
    })),
  );
}

function* wider(statement: Statement): Generator<[string, Statement]> {
  const { Condition = {}, Resource, Action, Principal } = statement;
  for (const [operator, keys] of Object.entries(Condition)) {
    for (const key of Object.keys(keys)) {
      const { [key]: _dropped, ...others } = keys;
      const { [operator]: _all, ...rest } = Condition;
      yield [
        `without ${operator} ${key}`,
        {
          ...statement,
          Condition: { ...rest, ...(Object.keys(others).length > 0 && { [operator]: others }) },
        },
      ];
    }
  }
  yield ['without any condition', withoutCondition(statement)];
  const actions = [Action].flat();
  const service = actions[0]?.split(':')[0];
  yield [`any action of ${service}`, { ...statement, Action: `${service}:*` }];
  // A condition on the principal's ARN names its account, too: then the principal is a second lock on the same door.
  const isPinned = Object.values(Condition).some((keys) => 'aws:PrincipalArn' in keys);
  if (Principal && !isPinned) {
    yield ['anybody', { ...statement, Principal: { AWS: '*' } }];
    yield ['a stranger', { ...statement, Principal: { AWS: 'arn:aws:iam::333333333333:root' } }];
  }
  if (Resource !== undefined) {
    yield ['any resource', { ...statement, Resource: '*' }];
    const resources = [Resource].flat();
    for (const [index, each] of resources.entries())
      yield [
        `whatever begins like ${each}`,
        { ...statement, Resource: resources.with(index, `${each.replace(/\*$/, '').slice(0, -1)}*`) },
      ];
    for (const one of actionsOfService[service ?? ''] ?? [])
      if (!actions.includes(one)) yield [`${one}, too`, { ...statement, Action: [...actions, one] }];
  }
}

const actionsOfService: Readonly<Record<string, readonly string[]>> = {
  sagemaker: [
    'sagemaker:InvokeEndpoint',
    'sagemaker:InvokeEndpointAsync',
    'sagemaker:InvokeEndpointWithResponseStream',
    'sagemaker:CallWithBearerToken',
  ],
  s3: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
};

function withoutCondition({ Condition: _gone, ...statement }: Statement): Statement {
  return statement;
}
