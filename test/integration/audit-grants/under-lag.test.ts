/** IAM's changes are seen late: repair waits for them, and calls nothing repaired before it was proven. */

import { GetRoleCommand } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openParent, type ParentAccount } from '../../../bench/audit/account.ts';
import { settle } from '../../../bench/audit/crowd.ts';
import { plants } from '../../../bench/audit/plants.ts';
import { runAudit } from '../../../lib/audit/audit.ts';
import type { AuditRecord } from '../../../lib/audit/audit-record.ts';
import type { Finding } from '../../../lib/contract/audit.ts';

let account: ParentAccount;
beforeEach(async () => {
  account = await openParent({ rolesQuota: 1_000 });
});
afterEach(() => account.close());

const request = { mode: 'repair', by: 'test' } as const;
const within = (ms: number) => account.clock.now() + ms;

async function findingsOf(record: AuditRecord): Promise<Finding[]> {
  const { audits } = account.auditor();
  const found: Finding[] = [];
  for (let chunk = 0; chunk < record.chunks; chunk++)
    found.push(...(await audits.getChunk(record.id, chunk)).map(({ finding }) => finding));
  return found;
}

it('mends and removes everything although IAM is a minute behind', async () => {
  await settle(account, { roles: 40, grants: plants.length });
  account.iam.setLag(60);
  const record = await runAudit(account.auditor(), request, within(3_600_000));
  expect(record.status).toBe('finished');
  const findings = await findingsOf(record);
  expect(findings.length).toBeGreaterThan(12);
  expect(findings.filter(({ repair }) => repair !== 'repaired' && repair !== 'reported')).toEqual([]);
  const orphan = findings.find(({ code }) => code === 'role.orphaned');
  const RoleName = orphan?.subject.split('/').at(-1) ?? '';
  await expect(account.adminIam.send(new GetRoleCommand({ RoleName }))).rejects.toThrow(/cannot be found/);
  expect(account.clock.now() - Date.parse(record.startedAt)).toBeGreaterThan(60_000);
});

it('answers the running audit when the time is over, and the next one goes on with it', async () => {
  await settle(account, { roles: 20, grants: 6 });
  account.iam.setLag(60);
  const first = await runAudit(account.auditor(), request, within(25_000));
  expect(first).toMatchObject({ status: 'running', phase: 'repair' });
  let last = first;
  for (let turn = 0; turn < 20 && last.status === 'running'; turn++)
    last = await runAudit(account.auditor(), request, within(25_000));
  expect(last).toMatchObject({ id: first.id, status: 'finished' });
  const outcomes = (await findingsOf(last)).map(({ repair }) => repair);
  expect(new Set(outcomes)).toEqual(new Set(['repaired', 'reported']));
});

it('says what could not be mended, and why, and lets the rest be mended', async () => {
  await settle(account, { roles: 20, grants: 8 });
  const auditor = account.auditor();
  const refused = Object.assign(new Error('A policy of the organization denies it.'), {
    name: 'AccessDenied',
  });
  const shareRole = { ...auditor.broker.shareRole, restoreFrame: () => Promise.reject(refused) };
  const broker = { ...auditor.broker, shareRole };
  const record = await runAudit({ ...auditor, broker }, request, within(3_600_000));
  expect(record.status).toBe('finished');
  const findings = await findingsOf(record);
  const failed = findings.filter(({ repair }) => repair === 'failed');
  expect(failed.map(({ code }) => code)).toContain('trust.drifted');
  for (const { repairDetail } of failed)
    expect(repairDetail).toBe(
      'Not done within ten minutes: AccessDenied. The schedule and the next audit go on with it.',
    );
  expect(findings.find(({ code }) => code === 'role.orphaned')?.repair).toBe('repaired');
});

it('runs once, however many ask for it at the same time', async () => {
  await settle(account, { roles: 20, grants: 0 });
  const asked = await Promise.all(
    [1, 2, 3].map(() => runAudit(account.auditor(), { mode: 'report', by: 'test' }, within(60_000))),
  );
  expect(asked.filter(({ status }) => status === 'finished').length).toBeGreaterThanOrEqual(1);
  const pages = account.front.calls.filter(({ operation }) => operation === 'GetAccountAuthorizationDetails');
  const finished = new Set(asked.filter(({ status }) => status === 'finished').map(({ id }) => id));
  // The managed policies and one page of roles, and both once more for chains of roles.
  expect(pages).toHaveLength(4 * finished.size);
});
