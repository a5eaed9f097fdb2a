import { afterAll, beforeAll, it } from 'vitest';
import type { ProblemCode } from '../../../lib/contract/problems.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
let cursor: string;
let ofGrants: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  const page = await sandbox.asParent.get<{ nextCursor: string }>('/endpoints?limit=1');
  cursor = page.json.nextCursor;
  const made = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  ofGrants = Buffer.from(JSON.stringify({ ...made, k: { id: 'grt_1', kind: 'grant' } })).toString(
    'base64url',
  );
});
afterAll(() => sandbox?.close());

it.each<[string, () => string, ProblemCode, string]>([
  ['a limit of 0', () => 'limit=0', 'request.invalid', 'query/limit'],
  ['a limit of 101', () => 'limit=101', 'request.invalid', 'query/limit'],
  ['a filter that does not exist', () => 'status=InService', 'request.invalid', 'query/status'],
  ['a cursor given twice', () => `cursor=${cursor}&cursor=${cursor}`, 'request.invalid', 'query/cursor'],
  ['a cursor made of words', () => 'cursor=please', 'cursor.invalid', 'query/cursor'],
  ['a cursor of another list', () => `cursor=${ofGrants}`, 'cursor.invalid', 'query/cursor'],
])('refuses %s', async (_, query, code, pointer) => {
  await expectRefusal(
    sandbox,
    { method: 'GET', path: `/endpoints?${query()}` },
    { status: 400, code, pointer },
  );
});
