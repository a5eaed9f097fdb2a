/** A large account: everything planted is found and nothing else, with few calls and little memory; what dies goes on. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openParent, type ParentAccount } from '../../../bench/audit/account.ts';
import { settle } from '../../../bench/audit/crowd.ts';
import { holdMs, runAudit } from '../../../lib/audit/audit.ts';
import type { AuditRecord } from '../../../lib/audit/audit-record.ts';
import { settleMs } from '../../../lib/audit/role-evidence.ts';
import { findingCode } from '../../../lib/contract/audit.ts';
import { watchedPages } from '../../support/watched-pages.ts';

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

const watched = (beforePage: () => void) => watchedPages(account.auditor({ unused }), beforePage);

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

  // Ten pages, and the same once more for chains of roles.
  expect(heap).toHaveLength(20);
  const [early = 0] = heap.slice(1);
  // After ten pages it holds no more than after two; a single page is larger than the difference allowed.
  expect(Math.max(...heap.slice(2, 10)) - early).toBeLessThan(8);
  // What it keeps of a role, to follow chains, is about two kilobytes.
  expect(Math.max(...heap.slice(10)) - early).toBeLessThan(24);
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
  expect(pagesAfter).toBe(5 + 10);
  expect(await findingsOf(record)).toEqual([...expected].sort());
  expect(record.counts).toMatchObject({ rolesRead: size.roles, grantsCompared: size.grants });
}, 60_000);
