import { afterAll, beforeAll, expect, it } from 'vitest';
import { aProvisioningGrant, ask } from '../../support/ask.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const refused = (id: string, code: 'grant.not_ready' | 'grant.ended') =>
  expectRefusal(sandbox, { method: 'POST', path: `/grants/${id}/resume` }, { status: 409, code });

it('refuses to resume a grant that is being provisioned', async () => {
  const { id } = await aProvisioningGrant(sandbox);
  const { detail } = await refused(id, 'grant.not_ready');
  expect(detail).toBe(`Grant ${id} is provisioning; it cannot resume now.`);
});

it('refuses to resume a revoked grant', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await ask(sandbox, grant, 'revoke');
  const { detail } = await refused(grant.id, 'grant.ended');
  expect(detail).toBe(`Grant ${grant.id} is revoked for good; it cannot resume now.`);
});

it('refuses to resume a grant whose date has come', async () => {
  const expiresAt = new Date(sandbox.now() + 3_600_000).toISOString();
  const { id } = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  sandbox.advanceClock(3_601);
  await refused(id, 'grant.ended');
});
