import { afterAll, beforeAll, expect, it } from 'vitest';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { read } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';
import { askWhileIamIsSlow, letTheScheduleFinish } from '../../support/slow-iam.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('does not say suspended while a session still gets through', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  const path = `/grants/${grant.id}/suspend`;
  const { status, json } = await askWhileIamIsSlow(sandbox, { method: 'POST', path });
  expect([status, json]).toMatchObject([202, { status: 'active', pending: { operation: 'suspend' } }]);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  await letTheScheduleFinish(sandbox);
  const after = await read(sandbox, grant);
  expect([after.status, after.pending]).toEqual(['suspended', undefined]);
  expect(await access(sandbox, grant)).toBe('denied');
});
