import { afterAll, beforeAll, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('refuses to change a grant for somebody who does not say which version they read', async () => {
  const { id } = await anActiveGrant(sandbox, 'puppet');
  await expectRefusal(
    sandbox,
    { method: 'PATCH', path: `/grants/${id}`, body: { note: 'mine' } },
    { status: 428, code: 'request.precondition_required', pointer: 'header/if-match' },
  );
});
