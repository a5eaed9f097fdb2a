import { describe, expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { orphan } from '../../../lib/audit/orphans.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';

const boundaryOf = (stage: string) =>
  `arn:aws:iam::111111111111:policy/sharemaker-system/sharemaker-boundary-${stage}`;
const allow = (Action: string) =>
  readDocument({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const around = (stage: string) => ({
  parentAccountId: '111111111111',
  accountId: '111111111111',
  proberRoleArn: 'arn:aws:iam::111111111111:role/sharemaker-system/prober',
  boundaryArn: boundaryOf(stage),
  now: Date.parse('2027-01-31T12:00:00Z'),
  managed: new Map(
    ['prod', 'dev', 'dev-alice'].map((name) => [boundaryOf(name), allow('sagemaker:Invoke*') ?? null]),
  ),
});

/** A share role as the stage made it. */
function roleBy(stage: string, changes: Partial<AccountRole> = {}): AccountRole {
  const record = aGrant(around(stage), 1);
  const seed = roleOf(record, around(stage));
  return {
    arn: record.role.arn,
    name: record.role.name,
    path: seed.path ?? '/',
    id: record.role.id ?? '',
    trust: readDocument(seed.trust),
    inline: Object.entries(seed.inline ?? {}).map(([name, document]) => ({
      name,
      document: readDocument(document),
    })),
    attached: [],
    instanceProfiles: [],
    boundaryArn: boundaryOf(stage),
    tags: seed.tags ?? {},
    ...changes,
  };
}
const { boundaryArn: _removed, ...unbounded } = roleBy('prod');
const judged = (role: AccountRole, stage: string, record?: Parameters<typeof orphan>[1]) =>
  orphan(role, record, around(stage));

describe('a role under /sharemaker/ without a living grant here', () => {
  for (const [stage, other] of [
    ['dev-alice', 'prod'],
    ['dev-alice', 'dev'],
    ['dev', 'dev-alice'],
  ] as const) {
    it(`is left to ${other}, which made it, when ${stage} finds it`, () => {
      const { finding, removable } = judged(roleBy(other), stage);
      expect(finding.severity).toBe('low');
      expect(finding.evidence.join('\n')).toContain(`Deployment sharemaker-boundary-${other} made it`);
      expect(removable).toBeUndefined();
    });
  }

  it('is left to the deployment that made it when somebody removed its boundary', () => {
    const { finding, removable } = judged(unbounded, 'dev-alice');
    expect(finding.severity).toBe('low');
    expect(removable).toBeUndefined();
  });

  it('is removable where its own deployment has lost the grant', () => {
    for (const role of [roleBy('prod'), unbounded])
      expect(judged(role, 'prod')).toMatchObject({
        finding: { severity: 'high' },
        removable: { endpointName: 'Iris-Classifier' },
      });
  });

  it('is removable where its grant has ended, whatever became of its tags', () => {
    const ended = aGrant(around('prod'), 1, { status: 'revoked', goal: 'revoked' });
    const { finding, removable } = judged(roleBy('prod', { tags: {} }), 'prod', ended);
    expect(finding.evidence[1]).toBe(`Grant ${ended.id} is revoked.`);
    expect(removable).toBeDefined();
  });

  it('is not removable where somebody else has the name of a grant that has ended', () => {
    const ended = aGrant(around('prod'), 1, { status: 'revoked', goal: 'revoked' });
    const taken = { ...ended, failure: { code: 'role.name_taken', detail: '' } };
    expect(judged(roleBy('prod', { tags: {} }), 'prod', taken).removable).toBeUndefined();
    const madeAgain = roleBy('prod', { tags: {}, id: 'AROAANOTHERANOTHERAN' });
    expect(judged(madeAgain, 'prod', ended).removable).toBeUndefined();
    expect(judged(roleBy('dev'), 'prod', ended).removable).toBeUndefined();
  });

  const backDoors: Readonly<Record<string, AccountRole>> = {
    'a boundary of the right name': roleBy('prod', { name: 'open', tags: {}, boundaryArn: boundaryOf('x') }),
    'the tag of a deployment that does not exist': roleBy('prod', {
      tags: { ...roleBy('prod').tags, 'sharemaker:deployment': 'sharemaker-boundary-x' },
    }),
    'the tags of another grant': roleBy('prod', { name: 'sharemaker-grt_00000000000000000000000002' }),
    'the tags of a grant, and open to another account': roleBy('prod', { path: '/sharemaker/333333333333/' }),
    'the tags of a grant, and open to every endpoint': roleBy('prod', {
      inline: [
        {
          name: 'invoke',
          document: allow('sagemaker:*'),
        },
      ],
    }),
  };
  for (const [title, role] of Object.entries(backDoors))
    it(`is somebody's back door when all that it has is ${title}`, () => {
      const { finding, removable } = judged(role, 'dev-alice');
      expect(finding.severity).toBe('high');
      expect(finding.evidence.join('\n')).toMatch(
        /somebody else made it\.\nWho: account 222222222222\nWhat: /,
      );
      expect(removable).toBeUndefined();
    });
});
