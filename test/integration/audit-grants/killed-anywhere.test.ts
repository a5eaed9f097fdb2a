/** An audit that is killed after any one of its AWS calls is gone on with, and comes to the same end. */

import { afterAll, expect, it } from 'vitest';
import { openParent, type ParentAccount } from '../../../bench/audit/account.ts';
import { settle } from '../../../bench/audit/crowd.ts';
import { type Plant, plants } from '../../../bench/audit/plants.ts';
import { holdMs, runAudit } from '../../../lib/audit/audit.ts';
import type { AuditRecord } from '../../../lib/audit/audit-record.ts';
import type { Found } from '../../../lib/audit/findings.ts';
import { settleMs } from '../../../lib/audit/role-evidence.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';
import { watchedPages } from '../../support/watched-pages.ts';

const unused = { warnDays: 30 };
const accounts: ParentAccount[] = [];
afterAll(() => {
  for (const account of accounts) account.close();
});

async function open(
  planted: readonly Plant[],
): Promise<{ account: ParentAccount; expected: readonly string[] }> {
  const account = await openParent({ rolesQuota: 46 });
  accounts.push(account);
  return {
    account,
    expected: [...(await settle(account, { roles: 46, grants: planted.length }, planted))].sort(),
  };
}

async function foundIn(account: ParentAccount, record: AuditRecord): Promise<Found[]> {
  const { audits } = account.auditor();
  const found: Found[] = [];
  for (let chunk = 0; chunk < record.chunks; chunk++)
    found.push(...(await audits.getChunk(record.id, chunk)));
  return found;
}

const killed = (after: number) => `killed after call ${after}, SEED=${seed}`;
const namesOf = (found: readonly Found[]) =>
  found.map(({ finding }) => `${finding.code} ${finding.subject}`).sort();

/** Killed after that many calls; then somebody else goes on. */
async function killAndGoOn(account: ParentAccount, mode: 'report' | 'repair', killedAfter: number) {
  // Whoever audited before may have written that a grant is unused.
  account.clock.advance(settleMs);
  const farAway = () => account.clock.now() + 900_000;
  await runAudit(account.auditor({ unused, killedAfter }), { mode, by: 'first' }, farAway()).catch(() => {});
  account.clock.advance(holdMs + 1);
  return runAudit(account.auditor({ unused }), { mode, by: 'second' }, farAway());
}

async function callsOf(account: ParentAccount, mode: 'report' | 'repair'): Promise<number> {
  let calls = 0;
  const onCall = () => {
    calls++;
  };
  await runAudit(account.auditor({ unused, onCall }), { mode, by: 'count' }, account.clock.now() + 900_000);
  return calls;
}

const seed = seedFromEnvironment();

/** All of them take minutes: `AUDIT_KILLS=all`. Otherwise a few, other ones in every run; `SEED` chooses them again. */
function killsAmong(calls: number): number[] {
  const all = Array.from({ length: calls }, (_, index) => index + 1);
  if (process.env['AUDIT_KILLS'] === 'all') return all;
  const stride = Math.ceil(calls / 6);
  return all.filter((killedAfter) => (killedAfter + seed) % stride === 0);
}

it('finds each thing once in mode report, whichever call was the last', async () => {
  const { account, expected } = await open(plants);
  const calls = await callsOf(account, 'report');
  expect(calls).toBeGreaterThan(50);
  for (const killedAfter of killsAmong(calls)) {
    const record = await killAndGoOn(account, 'report', killedAfter);
    expect(record.status, killed(killedAfter)).toBe('finished');
    expect(namesOf(await foundIn(account, record)), killed(killedAfter)).toEqual(expected);
    expect(record.counts.findings).toBe(expected.length);
  }
}, 600_000);

const mendable = plants.filter(({ finds }) =>
  finds.some((code) =>
    ['role.missing', 'policy.drifted', 'boundary.missing', 'grant.expired_alive'].includes(code),
  ),
);

it('mends each thing in mode repair, whichever call was the last', async () => {
  const counted = await open(mendable);
  const calls = await callsOf(counted.account, 'repair');
  // The last two calls write that it is finished; killed after those, there is nothing left to go on with.
  for (const killedAfter of killsAmong(calls - 2)) {
    const { account, expected } = await open(mendable);
    const record = await killAndGoOn(account, 'repair', killedAfter);
    const found = await foundIn(account, record);
    expect(namesOf(found), killed(killedAfter)).toEqual(expected);
    const left = found.filter(({ finding }) => !['repaired', 'reported'].includes(finding.repair ?? ''));
    expect(left, killed(killedAfter)).toEqual([]);
    account.clock.advance(settleMs);
    const farAway = account.clock.now() + 900_000;
    const after = await runAudit(account.auditor({ unused }), { mode: 'report', by: 'third' }, farAway);
    expect(
      namesOf(await foundIn(account, after)).map((line) => line.split(' ')[0]),
      killed(killedAfter),
    ).toEqual(['quota.roles_low', 'share.chained', 'share.unmanaged']);
  }
}, 900_000);

it('waits for an audit that is just being begun no longer than it has time', async () => {
  const { account } = await open([]);
  const auditor = account.auditor();
  const now = account.clock.now();
  await auditor.audits.take('somebody else', now, now + holdMs);
  const waiting = runAudit(auditor, { mode: 'report', by: 'test' }, now + 3_000);
  await expect(waiting).rejects.toMatchObject({ code: 'request.conflict' });
  const later = account.clock.now() + 900_000;
  account.clock.advance(holdMs + 1);
  expect((await runAudit(auditor, { mode: 'report', by: 'test' }, later)).status).toBe('finished');
});

it('leaves the chains of roles out, and says so, when three runs did not get through them', async () => {
  const account = await openParent({ rolesQuota: 1_300 });
  accounts.push(account);
  const expected = await settle(account, { roles: 1_200, grants: 0 });
  let pages = 0;
  // Two pages of roles; the second page is the last of the chains, too, and nobody ever reads it.
  const dying = watchedPages(account.auditor({ unused }), (marker) => {
    if (++pages > 2 && marker) throw new Error('killed');
  });
  const run = () => runAudit(dying, { mode: 'report', by: 'test' }, account.clock.now() + 900_000);
  for (let attempt = 0; attempt < 4; attempt++) {
    await expect(run()).rejects.toThrow('killed');
    account.clock.advance(holdMs + 1);
  }
  const record = await run();
  expect(record).toMatchObject({ status: 'finished', counts: { rolesRead: 1_200 } });
  const found = await foundIn(account, record);
  const chained = [...expected].filter((line) => line.startsWith('share.chained'));
  expect(namesOf(found)).toEqual(
    [...expected, 'audit.incomplete 111111111111'].filter((line) => !chained.includes(line)).sort(),
  );
  expect(found.find(({ finding }) => finding.code === 'audit.incomplete')?.finding.evidence).toEqual([
    'Chains of roles were not all followed: there was not time enough.',
  ]);
}, 60_000);
