/** A large account: everything planted is found and nothing else, with few calls and little memory; what dies goes on. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openParent, type ParentAccount } from '../../../bench/audit/account.ts';
import { settle } from '../../../bench/audit/crowd.ts';
import { holdMs, runAudit } from '../../../lib/audit/audit.ts';
import type { AuditRecord } from '../../../lib/audit/audit-record.ts';
import type { Auditor } from '../../../lib/audit/auditor.ts';
import type { Inventory } from '../../../lib/audit/inventory.ts';
import { settleMs } from '../../../lib/audit/role-evidence.ts';
import { findingCode } from '../../../lib/contract/audit.ts';

const size = { roles: 10_000, grants: 3_000 };
const unused = { warnDays: 30 };
const request = { mode: 'report', by: 'test' } as const;
const megabyte = 1024 * 1024;

let account: ParentAccount;
let expected: ReadonlySet<string>;
beforeAll(async () => {
  account = await openParent({ rolesQuota: 10_500 });
  expected = await settle(account, size);
}, 60_000);
afterAll(() => account.close());

const farAway = () => account.clock.now() + 900_000;

async function findingsOf(record: AuditRecord): Promise<string[]> {
  const { audits } = account.auditor();
  const found: string[] = [];
  for (let chunk = 0; chunk < record.chunks; chunk++)
    for (const { finding } of await audits.getChunk(record.id, chunk))
      found.push(`${finding.code} ${finding.subject}`);
  return found.sort();
}

/** Calls `beforePage` before each page of roles. */
function watched(beforePage: () => void): Auditor {
  const auditor = account.auditor({ unused });
  const { inventory } = auditor;
  const rolePage = (marker?: string) => {
    beforePage();
    return inventory.rolePage(marker);
  };
  return { ...auditor, inventory: Object.create(inventory, { rolePage: { value: rolePage } }) as Inventory };
}

/** Nothing keeps this audit from looking. */
const ofAccounts = findingCode.options.filter((code) => code !== 'audit.incomplete');

it('finds one of each kind among 10,000 roles and 3,000 grants, none falsely, with at most 30 IAM calls', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heap: number[] = [];
  const auditor = watched(() => {
    collectGarbage();
    heap.push(process.memoryUsage().heapUsed / megabyte);
  });
  const record = await runAudit(auditor, request, farAway());
  expect(record.status).toBe('finished');
  expect(await findingsOf(record)).toEqual([...expected].sort());
  expect(new Set([...expected].map((line) => line.split(' ')[0]))).toEqual(new Set(ofAccounts));
  expect(record.counts).toMatchObject({ rolesRead: size.roles, grantsCompared: size.grants });
  expect(record.counts.iamCalls).toBeLessThanOrEqual(30);

  // After ten pages it holds no more than after two; a single page is larger than the difference allowed.
  expect(heap).toHaveLength(10);
  expect(Math.max(...heap.slice(2)) - (heap[1] ?? 0)).toBeLessThan(8);
}, 60_000);

it('goes on from the page at which it died, and finds the same again', async () => {
  // The last audit has written that a grant is unused.
  account.clock.advance(settleMs);
  let pages = 0;
  const dying = watched(() => {
    if (++pages === 6) throw new Error('killed');
  });
  await expect(runAudit(dying, request, farAway())).rejects.toThrow('killed');
  account.clock.advance(holdMs + 1);

  let pagesAfter = 0;
  const next = watched(() => {
    pagesAfter++;
  });
  const record = await runAudit(next, request, farAway());
  expect(record.status).toBe('finished');
  expect(pagesAfter).toBe(5);
  expect(await findingsOf(record)).toEqual([...expected].sort());
  expect(record.counts).toMatchObject({ rolesRead: size.roles, grantsCompared: size.grants });
}, 60_000);
