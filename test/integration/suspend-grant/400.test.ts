import { afterAll, beforeAll, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('suspends nothing for a caller who expects to be able to say more', async () => {
  const { id } = await anActiveGrant(sandbox, 'puppet');
  const request = { method: 'POST', path: `/grants/${id}/suspend` };
  await expectRefusal(
    sandbox,
    { ...request, body: { until: '2027-01-01T00:00:00Z' } },
    { status: 400, code: 'request.invalid', pointer: '/until' },
  );
  await expectRefusal(
    sandbox,
    { ...request, path: `${request.path}?force=true` },
    { status: 400, code: 'request.invalid', pointer: 'query/force' },
  );
});
