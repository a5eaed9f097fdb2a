import { afterAll, beforeAll, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let id: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  ({ id } = await anActiveGrant(sandbox, 'puppet'));
});
afterAll(() => sandbox?.close());

it.each<[string, unknown, string]>([
  ['longer than a day', { graceSeconds: 86_401 }, '/graceSeconds'],
  ['of less than nothing', { graceSeconds: -1 }, '/graceSeconds'],
  ['of half a second', { graceSeconds: 0.5 }, '/graceSeconds'],
  ['in words', { graceSeconds: '1 hour' }, '/graceSeconds'],
  ['in a field of another name', { gracePeriod: 60 }, '/gracePeriod'],
])('refuses a grace period %s', async (_, body, pointer) => {
  await expectRefusal(
    sandbox,
    { method: 'POST', path: `/grants/${id}/rotate`, body },
    { status: 400, code: 'request.invalid', pointer },
  );
});

it('refuses an external id of the caller’s choosing', async () => {
  await expectRefusal(
    sandbox,
    { method: 'POST', path: `/grants/${id}/rotate`, body: { externalId: '111111111111' } },
    { status: 400, code: 'request.invalid', pointer: '/externalId' },
  );
});
