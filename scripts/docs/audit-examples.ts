/** One finding of each code, found by the audit's own checks in a grant or role with that one thing wrong. */

import { aGrant, roleOf } from '../../bench/audit/a-grant.ts';
import { chained, handMade, type Plant, plants } from '../../bench/audit/plants.ts';
import { chainEvidence, createChainMap } from '../../lib/audit/chains.ts';
import { finding, findingsOfGrant, findingsOfRole, quotaFinding } from '../../lib/audit/findings.ts';
import type { AccountRole } from '../../lib/audit/inventory.ts';
import { orphan } from '../../lib/audit/orphans.ts';
import { readDocument } from '../../lib/audit/policy-language.ts';
import { handMadeShare, shareEvidence } from '../../lib/audit/shares.ts';
import { type Finding, type FindingCode, findingCode } from '../../lib/contract/audit.ts';
import type { RoleSeed } from '../../sandbox/types.ts';

const accountId = '111111111111';
const around = {
  parentAccountId: accountId,
  proberRoleArn: `arn:aws:iam::${accountId}:role/sharemaker-system/sharemaker-prober-dev`,
  boundaryArn: `arn:aws:iam::${accountId}:policy/sharemaker-system/sharemaker-boundary-dev`,
  now: Date.parse('2027-02-01T09:00:00Z'),
  startedAt: Date.parse('2027-02-01T09:00:00Z'),
  unused: { warnDays: 30 },
};

export function findingExamples(): Readonly<Record<FindingCode, Finding>> {
  const all = [...plants.flatMap(findingsOf), ...others()];
  return Object.fromEntries(
    findingCode.options.map((code) => {
      const example = all.find((one) => one.code === code);
      if (!example) throw new Error(`There is no example of ${code}.`);
      return [code, example];
    }),
  ) as Record<FindingCode, Finding>;
}

function findingsOf(plant: Plant, number: number): Finding[] {
  const plain = aGrant(around, number + 1);
  const record = { ...plain, ...plant.grant?.(plain, around) };
  const seed = plant.role === null ? undefined : roleOf(record, around, plant.role?.(record, around));
  const id = plant.remembersOther ? 'AROAANOTHERANOTHERAN' : (record.role.id ?? '');
  const isGone = plant.finds.includes('endpoint.missing');
  const held = {
    record,
    listed: seed && { arn: record.role.arn, maxSessionSeconds: seed.maxSessionSeconds ?? 3600 },
    readAt: around.now,
    endpoint: isGone
      ? { isThere: false as const }
      : { isThere: true as const, createdAt: plain.endpoint.createdAt },
    now: around.now,
  };
  return [
    ...(seed ? findingsOfRole({ role: asRead(seed, id), record, around }) : []),
    ...findingsOfGrant(held),
  ]
    .map((found) => found.finding)
    .filter(({ code }) => plant.finds.includes(code));
}

function others(): Finding[] {
  const orphaned = roleOf(aGrant(around, 99), around);
  const external = asRead(handMade('SageMakerExternal'), 'AROAHANDMADEHANDMADE');
  const share = handMadeShare(external, { accountId, managed: new Map(), now: around.now });
  const map = createChainMap({ accountId, managed: new Map(), now: around.now });
  for (const seed of chained(accountId)) map.add(asRead(seed, 'AROACHAINCHAINCHAIN1'));
  const probed = aGrant(around, 5);
  return [
    orphan(asRead(orphaned, 'AROAORPHANORPHANORPH'), undefined, { ...around, accountId, managed: new Map() })
      .finding,
    ...quotaFinding({ used: 940, quota: 1000 }, accountId).map((found) => found.finding),
    ...(share ? [finding('share.unmanaged', external.arn, shareEvidence(share))] : []),
    ...[...map.chains()].map((chain) => finding('share.chained', chain.entry.arn, chainEvidence(chain))),
    finding(
      'access.too_wide',
      probed.role.arn,
      ['+ sync invocation of another endpoint, fraud-detector, was allowed'],
      probed.id,
    ),
    finding('audit.incomplete', accountId, ['Grants could not be probed: AccessDenied.']),
  ];
}

function asRead(seed: RoleSeed, id: string): AccountRole {
  const path = seed.path ?? '/';
  return {
    arn: `arn:aws:iam::${accountId}:role${path}${seed.name}`,
    name: seed.name,
    path,
    id,
    trust: readDocument(seed.trust),
    inline: Object.entries(seed.inline ?? {}).map(([name, document]) => ({
      name,
      document: readDocument(document),
    })),
    attached: seed.managedPolicyArns ?? [],
    instanceProfiles: [],
    ...(seed.boundaryArn && { boundaryArn: seed.boundaryArn }),
    tags: seed.tags ?? {},
  };
}
