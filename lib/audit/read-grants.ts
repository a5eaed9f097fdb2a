/** The phase that reads every living grant and holds it against time, the list of share roles, and its endpoint. */

import type { GrantStatus } from '../contract/grant.ts';
import { Problem } from '../contract/problems.ts';
import type { GrantRecord } from '../grant/grant.ts';
import { type AuditRecord, nextPhase, reasonOf, withUnseen } from './audit-record.ts';
import type { Auditor, StartPhase } from './auditor.ts';
import { type Found, findingsOfGrant, quotaFinding } from './findings.ts';
import type { HeldGrant } from './grant-evidence.ts';
import type { ListedRole } from './inventory.ts';

const living: readonly GrantStatus[] = ['provisioning', 'active', 'suspended', 'revoking'];

const pageSize = 250;

type EndpointState = HeldGrant['endpoint'];

export const readGrants: StartPhase = async (auditor) => {
  const { broker, inventory } = auditor;
  const listing = await inventory.shareRoles();
  const listed: ReadonlyMap<string, ListedRole> = new Map(listing.roles.map((role) => [role.arn, role]));
  const own = await ownEndpoints(auditor);
  const endpointOf = endpointReader(auditor, own);

  const hold = async (record: GrantRecord): Promise<readonly Found[]> => {
    const endpoint = await endpointOf(record);
    return findingsOfGrant({
      record,
      listed: listed.get(record.role.arn),
      readAt: listing.readAt,
      ...(endpoint && { endpoint }),
      now: broker.clock.now(),
    });
  };

  return async (audit) => {
    const from = audit.grantsFrom ?? { status: 0 };
    const status = living[from.status];
    if (!status) return { next: nextPhase(audit) };
    const { records, next } = await broker.store.list({ status, limit: pageSize }, from.key);
    const suspects = [];
    for (const record of records) if ((await hold(record)).length > 0) suspects.push(record.id);
    // An index is a moment behind its table: what looks wrong is looked at again in the table itself.
    const found = [];
    for (const record of await broker.store.getMany(suspects)) found.push(await hold(record));
    if (!audit.grantsFrom) found.push(quotaFinding(await inventory.roleQuota(), broker.parentAccountId));
    const after = goOn(audit, records.length, next ? { ...from, key: next } : { status: from.status + 1 });
    return { found, next: typeof own === 'string' ? withUnseen(after, own) : after };
  };
};

function goOn(
  audit: AuditRecord,
  compared: number,
  grantsFrom: NonNullable<AuditRecord['grantsFrom']>,
): AuditRecord {
  const counts = { ...audit.counts, grantsCompared: audit.counts.grantsCompared + compared };
  return { ...audit, counts, grantsFrom };
}

/** Of the own Region: when each was created, by its name; or why that is not known, which must not stop the audit of all else. */
async function ownEndpoints({ broker }: Auditor): Promise<ReadonlyMap<string, string> | string> {
  const own = new Map<string, string>();
  let token: string | undefined;
  try {
    do {
      const page = await broker.endpoints.list({ limit: 100, ...(token && { token }) });
      for (const { name, createdAt } of page.items) own.set(name, createdAt);
      token = page.nextToken;
    } while (token);
    return own;
  } catch (error) {
    return `The endpoints of ${broker.region} could not be listed: ${reasonOf(error)}.`;
  }
}

/** The endpoints of the own Region are listed once; of other Regions, each is asked for once. */
function endpointReader(
  { broker }: Auditor,
  own: ReadonlyMap<string, string> | string,
): (record: GrantRecord) => Promise<EndpointState> {
  const elsewhere = new Map<string, Promise<EndpointState>>();
  return async ({ endpoint: { name, region } }) => {
    if (region === broker.region) {
      if (typeof own === 'string') return undefined;
      const createdAt = own.get(name);
      return createdAt === undefined ? { isThere: false } : { isThere: true, createdAt };
    }
    const key = `${region} ${name}`;
    const asked = elsewhere.get(key) ?? describe(name, region, broker);
    elsewhere.set(key, asked);
    return asked;
  };
}

async function describe(name: string, region: string, broker: Auditor['broker']): Promise<EndpointState> {
  try {
    const { createdAt } = await broker.endpoints.describe(name, region);
    return { isThere: true, createdAt };
  } catch (error) {
    if (error instanceof Problem && error.code === 'endpoint.not_found') return { isThere: false };
    // A Region that cannot be asked must not stop the audit of all others: of its endpoints nothing is said.
    return undefined;
  }
}
