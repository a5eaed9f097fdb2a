import { afterAll, beforeAll, expect, it } from 'vitest';
import { aProvisioningGrant, ask } from '../../support/ask.ts';
import { expectProblem } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

async function refused(id: string, code: 'grant.not_ready' | 'grant.ended'): Promise<void> {
  const path = `/offers/${id}`;
  const answer = await sandbox.asChild.get(sandbox.describe.parent.apiUrl + path);
  expectProblem(answer, path, { status: 409, code });
  expect(answer.text).not.toMatch(/externalId|arn:/);
}

it('offers nothing that is not proven yet', async () => {
  await refused((await aProvisioningGrant(sandbox)).id, 'grant.not_ready');
});

it('offers nothing that was revoked', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await ask(sandbox, grant, 'revoke');
  await refused(grant.id, 'grant.ended');
});

it('offers nothing whose date has come, before and after the schedule has ended it', async () => {
  const expiresAt = new Date(sandbox.now() + 3_600_000).toISOString();
  const { id } = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  sandbox.advanceClock(3_601);
  await refused(id, 'grant.ended');
  await sandbox.runSchedule('advance-grants');
  await refused(id, 'grant.ended');
});
