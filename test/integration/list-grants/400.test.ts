import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let cursor: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  await Promise.all([anActiveGrant(sandbox, 'puppet'), anActiveGrant(sandbox, 'puppet')]);
  const page = await sandbox.asParent.get<{ nextCursor: string }>('/grants?endpointName=puppet&limit=1');
  cursor = page.json.nextCursor;
});
afterAll(() => sandbox?.close());

const list = (query: string) => ({ method: 'GET', path: `/grants?${query}` });

describe('names the query parameter that is wrong', () => {
  it.each([
    ['an unknown one', 'owner=me', 'query/owner'],
    ['one given twice', 'limit=1&limit=2', 'query/limit'],
    ['one given twice, the same', 'status=active&status=active', 'query/status'],
    ['a status that does not exist', 'status=deleted', 'query/status'],
    ['a status in capitals', 'status=ACTIVE', 'query/status'],
    ['an account id of 3 digits', 'childAccountId=222', 'query/childAccountId'],
    ['an endpoint name with a slash', 'endpointName=a%2Fb', 'query/endpointName'],
    ['no limit', 'limit=', 'query/limit'],
    ['a limit of 0', 'limit=0', 'query/limit'],
    ['a limit of 101', 'limit=101', 'query/limit'],
    ['half a grant', 'limit=1.5', 'query/limit'],
    ['a limit in words', 'limit=ten', 'query/limit'],
    ['an empty cursor', 'cursor=', 'query/cursor'],
    ['a cursor of 2,049 characters', `cursor=${'a'.repeat(2_049)}`, 'query/cursor'],
  ])('%s', async (_, query, pointer) => {
    await expectRefusal(sandbox, list(query), { status: 400, code: 'request.invalid', pointer });
  });
});

describe('refuses a cursor that it did not make for this query', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each<[string, () => string]>([
    ['of a query without its filter', () => `cursor=${cursor}`],
    ['of a query with another filter', () => `endpointName=storyteller&cursor=${cursor}`],
    ['of a query with one filter less', () => `endpointName=puppet&status=active&cursor=${cursor}`],
    ['made of words', () => 'endpointName=puppet&cursor=please'],
    ['made of JSON', () => `endpointName=puppet&cursor=${encoded({ q: 'x', k: { id: 'grt_1' } })}`],
    ['made of null', () => `endpointName=puppet&cursor=${encoded(null)}`],
    ['cut short', () => `endpointName=puppet&cursor=${cursor.slice(0, -9)}`],
  ])('one %s', async (_, query) => {
    await expectRefusal(sandbox, list(query()), {
      status: 400,
      code: 'cursor.invalid',
      pointer: 'query/cursor',
    });
  });
});

describe('refuses a cursor whose place was changed by hand', () => {
  it.each([
    ['to a key that the table does not have', { id: 'grt_1', shard: 7 }],
    ['to numbers for names', { id: 1, endpointName: 2, createdAt: 3 }],
    ['to nowhere', {}],
  ])('%s', async (_, key) => {
    const made = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const changed = Buffer.from(JSON.stringify({ ...made, k: key })).toString('base64url');
    await expectRefusal(sandbox, list(`endpointName=puppet&cursor=${changed}`), {
      status: 400,
      code: 'cursor.invalid',
      pointer: 'query/cursor',
    });
  });
});
