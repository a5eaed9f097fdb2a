import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeGrant } from '../../../lib/grant/change-grant.ts';
import type { GrantRecord } from '../../../lib/grant/grant.ts';
import type { Broker } from '../../../lib/grant/lifecycle.ts';
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
  expectRefusal(
    sandbox,
    { method: 'PATCH', path: `/grants/${id}`, headers: { 'if-match': '*' }, body: { note: 'x' } },
    { status: 409, code },
  );

it('refuses to change a grant that is being provisioned', async () => {
  const { id } = await aProvisioningGrant(sandbox);
  await refused(id, 'grant.not_ready');
});

it('refuses to change a revoked grant, also when its endpoint is gone', async () => {
  const place = { accountId: '111111111111', name: 'short-lived' };
  sandbox.sageMaker.addEndpoint(place);
  const grant = await anActiveGrant(sandbox, place.name);
  await ask(sandbox, grant, 'revoke');
  sandbox.sageMaker.deleteEndpoint(place);
  await refused(grant.id, 'grant.ended');
});

it('does not revive a grant whose date has come, though no schedule has noted that yet', async () => {
  const expiresAt = new Date(sandbox.now() + 3_600_000).toISOString();
  const { id } = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  sandbox.advanceClock(3_601);
  await refused(id, 'grant.ended');
});

it('gives up with request.conflict when others are faster ten times in a row', async () => {
  let reads = 0;
  const store = {
    require: async () => ({ record: { version: ++reads } as GrantRecord }),
    put: async () => undefined,
  };
  const broker = { store } as unknown as Broker;
  const asked = changeGrant(broker, 'grt_1', 0, (record) => ({ ...record, note: 'x' }));
  await expect(asked).rejects.toMatchObject({ code: 'request.conflict' });
  expect(reads).toBe(10);
});
