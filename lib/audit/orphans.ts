/** Roles under /sharemaker/ that no living grant of this deployment calls for: who made them, and whether repair may remove them. Pure. */

import type { GrantRecord } from '../grant/grant.ts';
import { deploymentOf, deploymentTag, endpointTag, grantTag } from '../grant/share-role.ts';
import { type Found, finding, grantIdOf } from './findings.ts';
import type { AccountRole } from './inventory.ts';
import type { ReachSurroundings } from './reach.ts';
import { type HandMadeShare, handMadeShare, pitfallsOf, shareEvidence } from './shares.ts';

export interface OrphanSurroundings extends ReachSurroundings {
  /** Of this deployment. */
  readonly boundaryArn: string;
}

/** `record`: the grant that the role is named for, if this deployment has one. */
export function orphan(
  role: AccountRole,
  record: GrantRecord | undefined,
  around: OrphanSurroundings,
): Found {
  const share = handMadeShare(role, around);
  const maker = makerOf(role, record, share, around);
  const evidence = [
    `+ role ${role.arn}`,
    record
      ? `Grant ${record.id} is ${record.status}${record.role.arn === role.arn ? '' : `, and its role is ${record.role.arn}`}.`
      : 'This deployment has no grant that it could belong to.',
    ...said[maker](role),
    ...(share ? shareEvidence(share) : []),
  ];
  const found = finding('role.orphaned', role.arn, evidence, record?.id ?? grantIdOf(role));
  if (maker === 'another deployment') return { finding: { ...found, severity: 'low' } };
  if (maker === 'somebody') return { finding: found };
  const endpointName = record?.endpoint.name ?? role.tags[endpointTag];
  return { finding: found, removable: endpointName ? { endpointName } : {} };
}

type Maker = 'this deployment' | 'another deployment' | 'somebody';

const said: Readonly<Record<Maker, (role: AccountRole) => readonly string[]>> = {
  'this deployment': () => [],
  'another deployment': ({ tags }) => [
    `Deployment ${tags[deploymentTag]} made it, and its own audit holds it against its grant.`,
  ],
  somebody: () => ["It does not carry this deployment's tags: somebody else made it."],
};

function makerOf(
  role: AccountRole,
  record: GrantRecord | undefined,
  share: HandMadeShare | undefined,
  around: OrphanSurroundings,
): Maker {
  const own = deploymentOf(around.boundaryArn);
  const tagged = taggedBy(role);
  if (tagged === own || (record && (tagged ?? own) === own && isRoleOf(record, role)))
    return 'this deployment';
  if (tagged === undefined || !around.managed.has(boundaryOf(tagged, around))) return 'somebody';
  // Tags can be copied: what no grant lets through was not made for one.
  return share && !isLikeAGrant(share) ? 'somebody' : 'another deployment';
}

/** The deployment whose tags it carries, all of those that tell whose it is. */
function taggedBy(role: AccountRole): string | undefined {
  const grantId = grantIdOf(role);
  return grantId !== undefined && role.tags[grantTag] === grantId ? role.tags[deploymentTag] : undefined;
}

/** Of a grant that has ended, and not of somebody who took its name before or after. */
function isRoleOf({ role: made, failure }: GrantRecord, role: AccountRole): boolean {
  return made.arn === role.arn && failure?.code !== 'role.name_taken' && (made.id ?? role.id) === role.id;
}

function boundaryOf(deployment: string, { boundaryArn }: OrphanSurroundings): string {
  return boundaryArn.slice(0, -deploymentOf(boundaryArn).length) + deployment;
}

/** For the one child in whose path it stands, with none of the pitfalls that a grant does not have. */
function isLikeAGrant(share: HandMadeShare): boolean {
  const [, , childAccountId] = share.role.path.split('/');
  const isForChild = share.outsiders.every(({ accountId }) => accountId === childAccountId);
  return (
    isForChild &&
    share.federated.length === 0 &&
    pitfallsOf(share).every(({ name }) => name === 'whole account')
  );
}
