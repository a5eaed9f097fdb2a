/** One audit of a large account with one of each thing planted in it: how many calls, how long, what was missed. */

import { runAudit } from '../../lib/audit/audit.ts';
import type { AuditRecord } from '../../lib/audit/audit-record.ts';
import type { Part } from '../part.ts';
import { median, rounded } from '../rounds.ts';
import { openParent, type ParentAccount } from './account.ts';
import { settle } from './crowd.ts';

const size = { roles: 10_000, grants: 3_000 };
/** So that one of the planted grants has been unused for too long. */
const unused = { warnDays: 30 };
const withinMs = 900_000;

export const audit: Part = {
  name: 'audit',
  async measure({ rounds, say }) {
    say(`audit: filling an account with ${size.roles} roles`);
    const account = await openParent({ rolesQuota: size.roles + 500 });
    const records: AuditRecord[] = [];
    const missed = new Set<string>();
    const wrong = new Set<string>();
    try {
      const planted = await settle(account, size);
      for (let round = 0; round < rounds; round++) {
        say(`audit: ${round + 1} of ${rounds}`);
        // As long as an hourly schedule waits: an audit leaves alone what has just changed, its own announcements included.
        account.clock.advance(3_600_000);
        const request = { mode: 'report', by: 'bench' } as const;
        const record = await runAudit(account.auditor({ unused }), request, account.clock.now() + withinMs);
        if (record.status !== 'finished') throw new Error(`The audit is ${record.status}.`);
        const found = await findingsOf(account, record);
        for (const line of planted) if (!found.has(line)) missed.add(line);
        for (const line of found) if (!planted.has(line)) wrong.add(line);
        records.push(record);
      }
      const counts = records.map((record) => record.counts);
      const [{ rolesRead, grantsCompared }] = counts as [AuditRecord['counts']];
      const iamCalls = Math.max(...counts.map((count) => count.iamCalls));
      const seconds = rounded(median(counts.map((count) => count.seconds)));
      return {
        figures: {
          'audit.roles': rolesRead,
          'audit.iamCalls': iamCalls,
          'audit.seconds': seconds,
          'audit.missed': missed.size,
          'audit.false': wrong.size,
        },
        tables: [
          {
            title: 'One audit of a large account',
            columns: ['roles', 'grants', 'planted', 'missed', 'false', 'IAM calls', 'seconds'],
            rows: [[rolesRead, grantsCompared, planted.size, missed.size, wrong.size, iamCalls, seconds]],
            note: `Median of ${rounds} audits; IAM and DynamoDB answer in process, so the seconds are Sharemaker's and theirs together.`,
          },
        ],
        raw: counts,
      };
    } finally {
      account.close();
    }
  },
};

async function findingsOf(account: ParentAccount, record: AuditRecord): Promise<ReadonlySet<string>> {
  const { audits } = account.auditor();
  const found = new Set<string>();
  for (let chunk = 0; chunk < record.chunks; chunk++)
    for (const { finding } of await audits.getChunk(record.id, chunk))
      found.add(`${finding.code} ${finding.subject}`);
  return found;
}
