import { expect, it } from 'vitest';
import type { Found } from '../../../lib/audit/findings.ts';
import type { Repair } from '../../../lib/audit/repair.ts';
import { removeOrphan } from '../../../lib/audit/repair-orphan.ts';
import { markOf } from '../../../lib/grant/policies.ts';
import { OutOfTime } from '../../../lib/grant/work.ts';
import { aGrant, now, proberRoleArn } from '../../support/a-grant.ts';

it('shuts an orphan with a mark that no document of its grant has ever carried', async () => {
  const grant = aGrant({ status: 'failed', goal: 'failed' });
  const put: string[] = [];
  const broker = {
    proberRoleArn,
    parentAccountId: '111111111111',
    region: 'us-east-1',
    clock: { now: () => now, sleep: async () => {} },
    store: { get: async () => ({ record: grant }) },
    shareRole: {
      putBoundary: async () => true,
      putPolicy: async () => true,
      dropPolicy: async () => {},
      async putTrust(_role: unknown, trust: unknown) {
        put.push(JSON.stringify(trust));
        throw new OutOfTime();
      },
    },
    prober: { assume: async () => ({ answer: 'denied' }) },
  };
  const audit = { id: 'aud_1', startedAt: new Date(now).toISOString(), startedBy: 'schedule' };
  const found = { finding: { grantId: grant.id, subject: grant.role.arn }, removable: {} };
  const repair = { auditor: { broker }, audit, deadlineAt: now + 60_000 };
  expect(await removeOrphan([found as Found], repair as unknown as Repair)).toEqual({ isUnderWay: true });
  expect(put).toHaveLength(1);
  expect(put[0]).toContain(markOf({ id: grant.id, generation: 0 }, 1));
  for (const generation of [1, 2, 3]) expect(put[0]).not.toContain(markOf({ id: grant.id, generation }, 1));
});
