/** Making a proper grant of a share that was made by hand. The old role is never touched. */

import { type CreateGrantBody, createGrantBody } from '../contract/grant.ts';
import { Problem } from '../contract/problems.ts';
import { draftGrant, longestLifeMs } from '../grant/draft.ts';
import { type GrantRecord, hasEnded } from '../grant/grant.ts';
import { grantIdOf, newExternalId, newId } from '../grant/ids.ts';
import { advance, leaseMs } from '../grant/lifecycle.ts';
import { type AuditRecord, startAudit } from './audit-record.ts';
import type { Auditor } from './auditor.ts';
import { finding } from './findings.ts';
import type { AccountRole } from './inventory.ts';
import { untilOf } from './outsiders.ts';
import { concernsEndpoints } from './reach.ts';
import { type HandMadeShare, handMadeShare, shareEvidence } from './shares.ts';
import { matches } from './wildcards.ts';

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

  const grant = await grantOf(share, auditor, adoption, deadlineAt);
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

async function grantOf(
  share: HandMadeShare,
  { broker }: Auditor,
  { by }: Adoption,
  deadlineAt: number,
): Promise<GrantRecord> {
  const now = broker.clock.now();
  const body = await bodyOf(share, broker, now);
  const sameId = grantIdOf(`adopt ${share.role.id}`, body.endpoint.name);
  const earlier = await broker.store.get(sameId);
  if (earlier && !hasEnded(earlier.record)) return advance(sameId, broker, deadlineAt);
  const id = earlier ? newId('grt', now) : sameId;
  const endpoint = await broker.endpoints.describe(body.endpoint.name, body.endpoint.region ?? broker.region);
  const draft = draftGrant(body, { ...broker, id, externalId: newExternalId(), endpoint, by, now });
  const lease = { holder: broker.newHolder(), until: now + leaseMs };
  await broker.store.create(draft, lease);
  return advance(id, broker, deadlineAt, lease.holder);
}

/** What the share lets through today, as a grant would say it; refused where one grant cannot say it. */
async function bodyOf(
  share: HandMadeShare,
  broker: Auditor['broker'],
  now: number,
): Promise<CreateGrantBody> {
  const accounts = [...new Set(share.outsiders.map(({ accountId }) => accountId))];
  const [accountId] = accounts;
  if (accountId === undefined || accounts.length !== 1)
    throw notAdoptable('It trusts more than one account; create a grant for each that still needs it.');
  const principals = share.outsiders.flatMap((outsider) => outsider.principals ?? []);
  const isWhole = share.outsiders.some((outsider) => !outsider.principals);
  const [orgId] = share.outsiders.flatMap((outsider) => outsider.orgIds ?? []);
  const models = conditionOf(share, 'sagemaker:targetmodel');
  const sourceIps = conditionOf(share, 'aws:sourceip');
  const until = untilOf(share.allowed.flatMap(({ conditions }) => conditions)) ?? share.outsiders[0]?.until;
  const body = createGrantBody.safeParse({
    endpoint: { name: await onlyEndpoint(share, broker) },
    child: {
      accountId,
      ...(!isWhole && { principals: [...new Set(principals)] }),
      ...(orgId && { orgId }),
    },
    modes: share.modes.filter((mode) => !models || mode === 'sync'),
    ...(models && { targets: { models } }),
    ...(sourceIps && { conditions: { sourceIps } }),
    ...(until && Date.parse(until) - now <= longestLifeMs && { expiresAt: until }),
    note: `Adopted from ${share.role.arn}`,
  });
  if (body.success) return body.data;
  const [issue] = body.error.issues;
  throw notAdoptable(`A grant cannot say what it allows: ${issue?.path.join('/')} ${issue?.message}.`);
}

/** The one endpoint of this Region that the policies name. */
async function onlyEndpoint(share: HandMadeShare, { endpoints }: Auditor['broker']): Promise<string> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = await endpoints.list({ limit: 100, ...(token && { token }) });
    const isNamed = (arn: string) => share.resources.some((pattern) => matches(pattern.toLowerCase(), arn));
    names.push(...page.items.filter(({ arn }) => isNamed(arn)).map(({ name }) => name));
    token = page.nextToken;
  } while (token);
  const [name] = names;
  if (name === undefined) throw notAdoptable('The endpoint that it names does not exist in this Region.');
  if (names.length > 1)
    throw notAdoptable(
      `It reaches ${names.length} endpoints (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}); create a grant for each that is used.`,
    );
  return name;
}

/** Values of a condition that every statement has. */
function conditionOf({ allowed }: HandMadeShare, key: string): readonly string[] | undefined {
  const values = allowed.map(({ conditions }) => conditions.find((one) => one.key === key)?.values);
  const [first] = values;
  return values.every((one) => one !== undefined && String(one) === String(first)) ? first : undefined;
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
