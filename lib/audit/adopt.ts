/** Making a proper grant of a share that was made by hand. The old role is never touched. */

import { type CreateGrantBody, createGrantBody } from '../contract/grant.ts';
import { Problem } from '../contract/problems.ts';
import { draftGrant, longestLifeMs } from '../grant/draft.ts';
import { type GrantRecord, hasEnded } from '../grant/grant.ts';
import { grantIdOf, newExternalId, newId } from '../grant/ids.ts';
import { advance, leaseMs } from '../grant/lifecycle.ts';
import { type Adoptable, adoptableOf, NotAdoptable } from './adoptable.ts';
import { type AuditRecord, startAudit } from './audit-record.ts';
import type { Auditor } from './auditor.ts';
import { finding } from './findings.ts';
import type { AccountRole } from './inventory.ts';
import { concernsEndpoints, type ReachSurroundings, reachAt } from './reach.ts';
import { type HandMadeShare, handMadeShare, shareEvidence } from './shares.ts';

export interface Adoption {
  readonly roleArn: string;
  /** The caller's ARN. */
  readonly by: string;
  /** Where the child reads the offer of a grant. */
  readonly offerUrlOf: (grantId: string) => string;
}

/**
 * Creates the grant and writes down, as an audit of this one role, what it was and what is left to the child.
 * Asking twice finds the same grant. Throws Problem `audit.not_adoptable`, and what creating a grant throws.
 */
export async function adopt(auditor: Auditor, adoption: Adoption, deadlineAt: number): Promise<AuditRecord> {
  const { broker, inventory, audits } = auditor;
  const startedAt = broker.clock.now();
  const callsBefore = inventory.calls;
  const { role, rolesRead } = await findRole(auditor, adoption.roleArn);
  const managed = await inventory.managedPolicies(concernsEndpoints);
  const around = { accountId: broker.parentAccountId, managed, now: startedAt };
  const share = handMadeShare(role, around);
  if (!share) throw notAdoptable('Nobody outside the account can invoke an endpoint through it.');

  const grant = await grantOf({ share, around }, auditor, adoption, deadlineAt);
  const found = {
    ...finding('share.unmanaged', role.arn, shareEvidence(share), grant.id),
    repair: 'reported' as const,
    repairDetail: stepsLeft(share, grant, adoption),
  };
  const now = broker.clock.now();
  const begun = startAudit(newId('aud', startedAt), { mode: 'report', by: adoption.by, now: startedAt });
  const record: AuditRecord = {
    ...begun,
    status: 'finished',
    finishedAt: new Date(now).toISOString(),
    chunks: 1,
    counts: {
      ...begun.counts,
      rolesRead,
      iamCalls: inventory.calls - callsBefore,
      findings: 1,
      high: 1,
      seconds: (now - startedAt) / 1000,
    },
  };
  await audits.putChunk(record.id, 0, [{ finding: found }]);
  await audits.put(record);
  return record;
}

async function findRole(
  { inventory }: Auditor,
  arn: string,
): Promise<{ readonly role: AccountRole; readonly rolesRead: number }> {
  let rolesRead = 0;
  let marker: string | undefined;
  do {
    const page = await inventory.rolePage(marker);
    rolesRead += page.roles.length;
    const role = page.roles.find((one) => one.arn === arn);
    if (role?.path.startsWith('/sharemaker')) throw notAdoptable('It is a role of Sharemaker itself.');
    if (role) return { role, rolesRead };
    marker = page.next;
  } while (marker);
  throw notAdoptable('There is no such role in this account.');
}

interface Door {
  readonly share: HandMadeShare;
  readonly around: ReachSurroundings;
}

async function grantOf(
  door: Door,
  { broker }: Auditor,
  { by }: Adoption,
  deadlineAt: number,
): Promise<GrantRecord> {
  const now = broker.clock.now();
  const body = await bodyOf(door, broker);
  const sameId = grantIdOf(`adopt ${door.share.role.id}`, body.endpoint.name);
  const earlier = await broker.store.get(sameId);
  if (earlier && !hasEnded(earlier.record)) return advance(sameId, broker, deadlineAt);
  const id = earlier ? newId('grt', now) : sameId;
  const endpoint = await broker.endpoints.describe(body.endpoint.name, body.endpoint.region ?? broker.region);
  const draft = draftGrant(body, { ...broker, id, externalId: newExternalId(), endpoint, by, now });
  const lease = { holder: broker.newHolder(), until: now + leaseMs };
  await broker.store.create(draft, lease);
  return advance(id, broker, deadlineAt, lease);
}

/** What the share lets through today, as a grant would say it; refused where one grant cannot say it. */
async function bodyOf({ share, around }: Door, broker: Auditor['broker']): Promise<CreateGrantBody> {
  const { name, region, arn } = await onlyEndpoint(share, around, broker);
  const { until, ...said } = adoptable(share, around, arn);
  const body = createGrantBody.safeParse({
    endpoint: { name, region },
    ...said,
    ...(until && Date.parse(until) - around.now <= longestLifeMs && { expiresAt: until }),
    note: `Adopted from ${share.role.arn}`,
  });
  if (body.success) return body.data;
  const [issue] = body.error.issues;
  throw notAdoptable(`A grant cannot say what it allows: ${issue?.path.join('/')} ${issue?.message}.`);
}

function adoptable(...[share, around, arn]: Parameters<typeof adoptableOf>): Adoptable {
  try {
    return adoptableOf(share, around, arn);
  } catch (error) {
    throw error instanceof NotAdoptable ? notAdoptable(error.message) : error;
  }
}

/** The one endpoint that it reaches, in the Regions that it names and, where it names none, this one. */
async function onlyEndpoint(
  { role, resources }: HandMadeShare,
  around: ReachSurroundings,
  { endpoints, region }: Auditor['broker'],
): Promise<{ readonly name: string; readonly region: string; readonly arn: string }> {
  const named = resources.map((pattern) => pattern.split(':')[3] ?? '*');
  const regions = new Set(named.map((name) => (/[*?$]/.test(name) ? region : name)));
  const open = [];
  for (const inRegion of regions) {
    let token: string | undefined;
    do {
      const page = await endpoints.list({ limit: 100, region: inRegion, ...(token && { token }) });
      open.push(...page.items.filter(({ arn }) => reachAt(role, around, arn).allowed.length > 0));
      token = page.nextToken;
    } while (token);
  }
  const [only] = open;
  if (!only)
    throw notAdoptable(`The endpoint that it names does not exist in ${[...regions].sort().join(' or ')}.`);
  const names = open.map(({ name }) => name);
  if (names.length > 1)
    throw notAdoptable(
      `It reaches ${names.length} endpoints (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}); create a grant for each that is used.`,
    );
  return only;
}

function stepsLeft({ role }: HandMadeShare, grant: GrantRecord, { offerUrlOf }: Adoption): string {
  return [
    `Grant ${grant.id} is ${grant.status}.`,
    `Left to child ${grant.child.accountId}:`,
    `1. accept the offer ${offerUrlOf(grant.id)} under an alias (POST /subscriptions);`,
    `2. invoke through that alias instead of assuming ${role.name};`,
    '3. drop its permission to assume the old role.',
    `Then delete ${role.arn}: until you do, that door stays open.`,
  ].join(' ');
}

function notAdoptable(detail: string): Problem {
  return new Problem('audit.not_adoptable', detail, {
    errors: [{ pointer: '/adopt', message: detail }],
  });
}
