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
  const endpoints = await readEndpoints(auditor);

  const hold = async (record: GrantRecord): Promise<readonly Found[]> => {
    const endpoint = await endpoints.of(record);
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
    return { found, next: [...endpoints.unseen].reduce(withUnseen, after) };
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

interface EndpointStates {
  /** Undefined: not known. */
  of(record: GrantRecord): Promise<EndpointState>;
  /** Why some are not known, so far. That must not stop the audit of all else. */
  readonly unseen: ReadonlySet<string>;
}

/** The endpoints of the own Region are listed once; of other Regions, each is asked for once. */
async function readEndpoints({ broker }: Auditor): Promise<EndpointStates> {
  const unseen = new Set<string>();
  const unknown = (region: string) => (error: unknown) => {
    unseen.add(`The endpoints of ${region} could not be seen: ${reasonOf(error)}.`);
    return undefined;
  };
  const own = await listOwn(broker).catch(unknown(broker.region));
  const elsewhere = new Map<string, Promise<EndpointState>>();
  return {
    unseen,
    async of({ endpoint: { name, region } }) {
      if (region === broker.region) {
        const createdAt = own?.get(name);
        if (createdAt !== undefined) return { isThere: true, createdAt };
        return own && { isThere: false };
      }
      const key = `${region} ${name}`;
      const asked = elsewhere.get(key) ?? describe(name, region, broker).catch(unknown(region));
      elsewhere.set(key, asked);
      return asked;
    },
  };
}

/** When each was created, by its name. */
async function listOwn({ endpoints }: Auditor['broker']): Promise<ReadonlyMap<string, string>> {
  const own = new Map<string, string>();
  let token: string | undefined;
  do {
    const page = await endpoints.list({ limit: 100, ...(token && { token }) });
    for (const { name, createdAt } of page.items) own.set(name, createdAt);
    token = page.nextToken;
  } while (token);
  return own;
}

async function describe(name: string, region: string, broker: Auditor['broker']): Promise<EndpointState> {
  try {
    const { createdAt } = await broker.endpoints.describe(name, region);
    return { isThere: true, createdAt };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // One that is there and not usable says no more.
    return error.code === 'endpoint.not_found' ? { isThere: false } : undefined;
  }
}
