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

it('answers before IAM has followed: the old terms hold meanwhile, the new ones after the schedule', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  const { status, json } = await askWhileIamIsSlow(sandbox, {
    method: 'PATCH',
    path: `/grants/${grant.id}`,
    headers: { 'if-match': '*' },
    body: { modes: ['sync', 'stream'] },
  });
  expect([status, json]).toMatchObject([202, { status: 'active', pending: { operation: 'update' } }]);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  expect(await invoke(sandbox, grant, session!, 'stream')).toBe('denied');
  await letTheScheduleFinish(sandbox);
  const after = await read(sandbox, grant);
  expect([after.status, after.pending, after.modes]).toEqual(['active', undefined, ['sync', 'stream']]);
  expect(await access(sandbox, grant, { mode: 'stream' })).toBe('allowed');
});
