import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { patch, read } from '../../support/ask.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet');
});
afterAll(() => sandbox?.close());

it.each([
  ['of another version', '"1"'],
  ['that is weak: If-Match compares strongly', 'W/"2"'],
  ['without its quotes', '2'],
  ['of no version ever', '"999"'],
  ['that is a list of others', '"0", "1"'],
])('refuses an ETag %s', async (_, ifMatch) => {
  const { version } = await read(sandbox, grant);
  const { detail } = await expectRefusal(
    sandbox,
    {
      method: 'PATCH',
      path: `/grants/${grant.id}`,
      headers: { 'if-match': ifMatch },
      body: { note: 'mine' },
    },
    { status: 412, code: 'request.precondition_failed' },
  );
  expect(detail).toBe(`The grant is now at ETag "${version}".`);
});

it('lets one of two who read the same win, and tells the other', async () => {
  const { version } = await read(sandbox, grant);
  const answers = await Promise.all(
    ['one', 'two'].map((note) => patch(sandbox, grant, { note }, `"${version}"`)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  const winner = answers.find(({ status }) => status === 200)!;
  expect(await read(sandbox, grant)).toEqual(winner.json);
});
