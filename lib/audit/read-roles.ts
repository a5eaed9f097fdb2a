/** The phase that reads every role of the account, a page at a time, and holds each against its grant. */

import { createHash } from 'node:crypto';
import type { FindingCode } from '../contract/audit.ts';
import { type GrantRecord, hasEnded } from '../grant/grant.ts';
import { type AuditRecord, nextPhase, type Sampled, startOver } from './audit-record.ts';
import type { Auditor, StartPhase } from './auditor.ts';
import { type Found, findingsOfRole, grantIdOf } from './findings.ts';
import { type AccountRole, MarkerRefused, shareRolePath } from './inventory.ts';
import { type OrphanSurroundings, orphan } from './orphans.ts';
import { concernsEndpoints, type ReachSurroundings } from './reach.ts';
import { isComparable, type RoleSurroundings, settleMs } from './role-evidence.ts';
import { handMadeShare, shareEvidence, shareFinding } from './shares.ts';
import { mayBeSampled, type UnusedRules } from './use.ts';

/** How many active grants are probed in an audit: of those whose role may let through too much, and of all others. */
export const sampleSize = 5;

/** What may let through too much; whether it does is for a probe to say. */
const suspicious: ReadonlySet<FindingCode> = new Set([
  'trust.drifted',
  'policy.drifted',
  'policy.extra',
  'boundary.missing',
]);

export const readRoles: StartPhase = async (auditor) => {
  const managed = await auditor.inventory.managedPolicies(concernsEndpoints);
  const { broker, inventory } = auditor;

  let isResuming = true;

  return async (record) => {
    const page = await inventory.rolePage(record.marker).catch((error: unknown) => {
      // IAM does not say for how long it knows a marker.
      if (isResuming && error instanceof MarkerRefused) return undefined;
      throw error;
    });
    isResuming = false;
    if (!page) return { next: startOver(record) };
    const now = broker.clock.now();
    const around: RoleSurroundings & OrphanSurroundings = {
      proberRoleArn: broker.proberRoleArn,
      accountId: broker.parentAccountId,
      boundaryArn: auditor.boundaryArn,
      unused: auditor.unused,
      startedAt: Date.parse(record.startedAt),
      managed,
      now,
    };
    const shareRoles = page.roles.filter(({ path }) => path.startsWith(shareRolePath));
    const others = page.roles.filter(({ path }) => !path.startsWith(shareRolePath));
    const grants = await grantsOf(shareRoles, auditor);
    const found = [
      ...shareRoles.map((role) => judge(role, grants.get(grantIdOf(role) ?? ''), page.readAt, around)),
      ...others.map((role) => judgeHandMade(role, around)),
    ];
    const compared = {
      ...record,
      counts: { ...record.counts, rolesRead: record.counts.rolesRead + page.roles.length },
      sample: drawn(record, shareRoles, grants, {
        readAt: page.readAt,
        suspects: suspectsOf(found),
        unused: auditor.unused,
      }),
    };
    return { found, next: page.next ? { ...compared, marker: page.next } : nextPhase(compared) };
  };
};

async function grantsOf(
  roles: readonly AccountRole[],
  { broker }: Auditor,
): Promise<ReadonlyMap<string, GrantRecord>> {
  const ids = roles.flatMap((role) => grantIdOf(role) ?? []);
  // Read after the roles: a role is made after its grant, so a grant that is not there now was never there.
  const records = await broker.store.getMany([...new Set(ids)]);
  return new Map(records.map((record) => [record.id, record]));
}

function judge(
  role: AccountRole,
  record: GrantRecord | undefined,
  readAt: number,
  around: RoleSurroundings & OrphanSurroundings,
): readonly Found[] {
  if (record && !hasEnded(record) && record.role.arn === role.arn)
    return isComparable(record, readAt) ? findingsOfRole({ role, record, around }) : [];
  // It ended while the page was being read, or so shortly before that IAM may still show its role.
  if (record && Date.parse(record.updatedAt) + settleMs > readAt) return [];
  return [orphan(role, record, around)];
}

function judgeHandMade(role: AccountRole, around: ReachSurroundings): readonly Found[] {
  const share = handMadeShare(role, around);
  if (!share) return [];
  const evidence = shareEvidence(share);
  return [shareFinding('share.unmanaged', { ...role, ...share }, evidence, around.now)];
}

function suspectsOf(found: readonly (readonly Found[])[]): ReadonlySet<string> {
  const suspects = found.flat().filter(({ finding }) => suspicious.has(finding.code));
  return new Set(suspects.flatMap(({ finding }) => finding.grantId ?? []));
}

interface Drawing {
  readonly readAt: number;
  readonly suspects: ReadonlySet<string>;
  readonly unused: UnusedRules;
}

/**
 * Lots are drawn anew in every audit, and the same again when a page is read again. Those of suspects stay, so that what their
 * probes find is news only once.
 */
function drawn(
  audit: AuditRecord,
  roles: readonly AccountRole[],
  grants: ReadonlyMap<string, GrantRecord>,
  { readAt, suspects, unused }: Drawing,
): readonly Sampled[] {
  const candidates = roles.flatMap((role): Sampled[] => {
    const record = grants.get(grantIdOf(role) ?? '');
    if (record?.status !== 'active' || record.role.arn !== role.arn || !isComparable(record, readAt))
      return [];
    const isSuspect = suspects.has(record.id);
    if (!isSuspect && !mayBeSampled(record, role.lastUsedAt, unused)) return [];
    return [{ grantId: record.id, lot: lotOf(isSuspect ? '' : audit.id, record.id), isSuspect }];
  });
  const known = audit.sample.filter(({ grantId }) => !candidates.some((drawn) => drawn.grantId === grantId));
  const sorted = [...known, ...candidates].sort((a, b) => a.lot - b.lot);
  return [true, false].flatMap((isSuspect) =>
    sorted.filter((one) => one.isSuspect === isSuspect).slice(0, sampleSize),
  );
}

function lotOf(auditId: string, grantId: string): number {
  return createHash('sha256').update(`${auditId} ${grantId}`).digest().readUInt32BE(0);
}
