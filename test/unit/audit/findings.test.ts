import { describe, expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import { chunksOf } from '../../../lib/audit/audit-record.ts';
import {
  finding,
  findingKinds,
  findingsOfGrant,
  findingsOfRole,
  quotaFinding,
} from '../../../lib/audit/findings.ts';
import { expiryGraceMs, stuckAfterMs } from '../../../lib/audit/grant-evidence.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import { settleMs } from '../../../lib/audit/role-evidence.ts';
import { findingCode, findingSchema } from '../../../lib/contract/audit.ts';
import { findingExamples } from '../../../scripts/docs/audit-examples.ts';

const now = Date.parse('2027-01-31T12:00:00Z');
const around = {
  parentAccountId: '111111111111',
  proberRoleArn: 'arn:aws:iam::111111111111:role/sharemaker-system/prober',
  boundaryArn: 'arn:aws:iam::111111111111:policy/sharemaker-system/sharemaker-boundary-dev',
  now,
  startedAt: now,
  unused: {},
};
const iso = (at: number) => new Date(at).toISOString();

function asRole(record = aGrant(around, 1), changes: Partial<AccountRole> = {}): AccountRole {
  const seed = roleOf(record, around);
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
    boundaryArn: around.boundaryArn,
    tags: seed.tags ?? {},
    ...changes,
  };
}
const held = (changes: Partial<Parameters<typeof findingsOfGrant>[0]> = {}) => {
  const record = changes.record ?? aGrant(around, 1);
  return {
    listed: { arn: record.role.arn, maxSessionSeconds: 3600 },
    readAt: now,
    now,
    endpoint: { isThere: true as const, createdAt: record.endpoint.createdAt },
    ...changes,
    record,
  };
};
const codes = (found: readonly { finding: { code: string } }[]) => found.map((one) => one.finding.code);

describe('the table', () => {
  it('says of every code what it means, what to do, and what repair does or why it does nothing', () => {
    for (const code of findingCode.options) {
      const { means, remedy, mending, onlyReported } = findingKinds[code];
      expect(means.length, code).toBeGreaterThan(20);
      expect(remedy.length, code).toBeGreaterThan(20);
      expect(Boolean(mending) !== Boolean(onlyReported), code).toBe(true);
    }
  });

  it('has an example of every code that is as its schema says', () => {
    for (const [code, example] of Object.entries(findingExamples())) {
      expect(findingSchema.safeParse(example).error, code).toBeUndefined();
      expect(example.evidence.length, code).toBeGreaterThan(0);
    }
  });
});

describe('a share role', () => {
  it('as it was made is no finding', () => {
    const record = aGrant(around, 1);
    expect(findingsOfRole({ role: asRole(record), record, around })).toEqual([]);
  });

  it('in an instance profile is for people to mend', () => {
    const record = aGrant(around, 1);
    const role = asRole(record, {
      instanceProfiles: ['web'],
      attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    });
    expect(findingsOfRole({ role, record, around })).toMatchObject([
      {
        finding: {
          code: 'policy.extra',
          evidence: ['+ attached policy arn:aws:iam::aws:policy/ReadOnlyAccess', '+ instance profile web'],
        },
        extras: { attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
        byHand: ['instance profile web'],
      },
    ]);
  });

  it('whose documents cannot be read is drifted', () => {
    const record = aGrant(around, 1);
    const role = asRole(record, { trust: undefined, inline: [{ name: 'invoke', document: undefined }] });
    expect(codes(findingsOfRole({ role, record, around }))).toEqual(['trust.drifted', 'policy.drifted']);
  });

  it('that names a deleted principal is drifted as well when it says more than that', () => {
    const record = aGrant(around, 1);
    const child = { Principal: { AWS: 'AROA5GONE5GONE5GONE55' } };
    const trustWith = (changes: object) => {
      const { Version, Statement } = roleOf(record, around).trust as unknown as {
        Version: string;
        Statement: object[];
      };
      return readDocument({ Version, Statement: [{ ...Statement[0], ...changes }, ...Statement.slice(1)] });
    };
    const found = (changes: object) =>
      codes(findingsOfRole({ role: asRole(record, { trust: trustWith(changes) }), record, around }));
    expect(found(child)).toEqual(['trust.principal_recreated']);
    expect(found({ ...child, Condition: {} })).toEqual(['trust.drifted', 'trust.principal_recreated']);
    expect(found({ Principal: { AWS: ['AROA5GONE5GONE5GONE55', '333333333333'] } })).toEqual([
      'trust.drifted',
      'trust.principal_recreated',
    ]);
  });

  it('of a suspended grant has to have its deny', () => {
    const record = aGrant(around, 1, { status: 'suspended', goal: 'suspended' });
    const complete = asRole(record);
    expect(findingsOfRole({ role: complete, record, around })).toEqual([]);
    const inline = complete.inline.filter(({ name }) => name !== 'deny');
    expect(codes(findingsOfRole({ role: { ...complete, inline }, record, around }))).toEqual([
      'policy.drifted',
    ]);
  });
});

describe('a grant', () => {
  it('as it should be is no finding', () => {
    expect(findingsOfGrant(held())).toEqual([]);
  });

  it('that is being changed is not held against its role, and neither is one that changed while IAM may still be behind', () => {
    const moving = aGrant(around, 1, {
      generation: 9,
      pending: { operation: 'update', since: iso(now), by: 'x' },
    });
    expect(findingsOfGrant(held({ record: moving, listed: undefined }))).toEqual([]);
    const changed = (ago: number) => aGrant(around, 1, { updatedAt: iso(now - ago) });
    expect(findingsOfGrant(held({ record: changed(settleMs - 1), listed: undefined }))).toEqual([]);
    expect(codes(findingsOfGrant(held({ record: changed(settleMs), listed: undefined })))).toEqual([
      'role.missing',
    ]);
  });

  it('has a moment of grace after its date', () => {
    const expiredAt = (late: number) => held({ record: aGrant(around, 1, { expiresAt: iso(now - late) }) });
    expect(findingsOfGrant(expiredAt(expiryGraceMs - 1))).toEqual([]);
    expect(codes(findingsOfGrant(expiredAt(expiryGraceMs)))).toEqual(['grant.expired_alive']);
  });

  it('is stuck after a quarter of an hour, and not also expired', () => {
    const pendingFor = (waited: number, changes = {}) =>
      held({
        record: aGrant(around, 1, {
          generation: 9,
          pending: {
            operation: 'rotate',
            since: iso(now - waited),
            by: 'x',
            lastError: 'Throttling stopped it.',
          },
          ...changes,
        }),
      });
    expect(findingsOfGrant(pendingFor(stuckAfterMs - 1))).toEqual([]);
    expect(findingsOfGrant(pendingFor(stuckAfterMs))).toMatchObject([
      {
        finding: {
          code: 'grant.stuck',
          evidence: [expect.stringContaining('15 minutes'), 'Last error: Throttling stopped it.'],
        },
      },
    ]);
    expect(codes(findingsOfGrant(pendingFor(stuckAfterMs, { expiresAt: iso(now - 3_600_000) })))).toEqual([
      'grant.expired_alive',
    ]);
  });

  it('of an endpoint whose time of creation is told in seconds is not said to have another', () => {
    const { endpoint } = aGrant(around, 1);
    const createdAgo = (ms: number) =>
      held({ endpoint: { isThere: true, createdAt: iso(Date.parse(endpoint.createdAt) - ms) } });
    expect(findingsOfGrant(createdAgo(1_000))).toEqual([]);
    expect(codes(findingsOfGrant(createdAgo(1_001)))).toEqual(['endpoint.recreated']);
  });

  it('of whose endpoint nothing is known is not said to have lost it', () => {
    const { endpoint: _unasked, ...unasked } = held();
    expect(findingsOfGrant(unasked)).toEqual([]);
    expect(codes(findingsOfGrant(held({ endpoint: { isThere: false } })))).toEqual(['endpoint.missing']);
  });
});

describe('the quota', () => {
  it('is low when fewer than one role in ten is left', () => {
    expect(quotaFinding({ used: 900, quota: 1000 }, '1')).toEqual([]);
    expect(codes(quotaFinding({ used: 901, quota: 1000 }, '1'))).toEqual(['quota.roles_low']);
    expect(quotaFinding({ used: 5, quota: 0 }, '1')).toEqual([]);
  });
});

describe('sizes', () => {
  it('of findings are bounded, whatever stands in IAM', () => {
    const { evidence } = finding(
      'policy.drifted',
      'arn',
      Array.from({ length: 1_000 }, () => 'x'.repeat(5_000)),
    );
    expect(evidence).toHaveLength(41);
    expect(evidence.at(-1)).toBe('… and 960 lines more');
    expect(JSON.stringify(evidence).length).toBeLessThan(20_000);
  });

  it('of findings are bounded in bytes, too', () => {
    const lines = Array.from({ length: 40 }, () => '部'.repeat(400));
    const { evidence } = finding('policy.drifted', 'arn', lines);
    expect(Buffer.byteLength(JSON.stringify(evidence))).toBeLessThan(21_000);
    expect(evidence.at(-1)).toBe(`… and ${40 - (evidence.length - 1)} lines more`);
  });

  it('of what repair has to drop are bounded, and it says how much is left', () => {
    const record = aGrant(around, 1);
    const document = readDocument({ Version: '2012-10-17', Statement: [] });
    const role = asRole(record);
    const names = Array.from({ length: 130 }, (_, index) => `policy-${index}`);
    const inline = [...role.inline, ...names.map((name) => ({ name, document }))];
    const found = findingsOfRole({ role: { ...role, inline }, record, around });
    expect(found[0]?.extras).toMatchObject({ inline: names.slice(0, 100), leftOut: 30 });
  });

  it('of chunks stay below what DynamoDB stores, and no group is split', () => {
    const wide = {
      finding: finding(
        'policy.drifted',
        'arn',
        Array.from({ length: 40 }, () => 'é'.repeat(200)),
      ),
      extras: {
        inline: Array.from({ length: 100 }, () => 'x'.repeat(128)),
        attached: [],
        leftOut: 0,
      },
    };
    const groups = Array.from({ length: 60 }, (_, index) =>
      Array.from({ length: (index % 6) + 1 }, () => ({ ...wide })),
    );
    const chunks = chunksOf(groups);
    expect(chunks.flat()).toHaveLength(groups.flat().length);
    for (const chunk of chunks) expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThan(300_000);
    for (const group of groups)
      expect(new Set(group.map((found) => chunks.findIndex((chunk) => chunk.includes(found)))).size).toBe(1);
  });

  it('of chunks are what one message can tell of', () => {
    const small = { finding: finding('grant.unused', 'arn', ['x']) };
    for (const chunk of chunksOf(Array.from({ length: 60 }, () => [small])))
      expect(chunk.length).toBeLessThanOrEqual(20);
  });
});
