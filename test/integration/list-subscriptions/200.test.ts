import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Subscription } from '../../../lib/contract/subscription.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';

interface Page {
  readonly items: readonly Subscription[];
  readonly nextCursor?: string;
}

let sandbox: TestSandbox;
const aliases = ['alpha', 'beta', 'delta', 'gamma', 'zeta'];
beforeAll(async () => {
  sandbox = await startSandbox();
  const grant = await anActiveGrant(sandbox, 'Iris-Classifier', { limits: { concurrency: 1 } });
  for (const alias of aliases)
    await sandbox.asChild.post('/subscriptions', { alias, offerUrl: offerUrlOf(sandbox, grant) });
});
afterAll(() => sandbox?.close());

const list = (query: string) => sandbox.asChild.get<Page>(`/subscriptions${query}`);

it('answers all by alias, and nothing that is not a subscription', async () => {
  // The cap leaves an item of its own in the table.
  await sandbox.asChild.send('POST', '/endpoints/alpha/invocations', {
    body: '5.1,3.5,1.4,0.2',
    headers: { 'content-type': 'text/csv' },
  });
  const { status, json } = await list('');
  expect(status).toBe(200);
  expect(json.items.map(({ alias }) => alias)).toEqual(aliases);
  expect(json.nextCursor).toBeUndefined();
});

it('answers each exactly once from page to page', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await list(`?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    expect(json.items.length).toBeLessThanOrEqual(2);
    seen.push(...json.items.map(({ alias }) => alias));
    cursor = json.nextCursor;
  } while (cursor);
  expect(seen).toEqual(aliases);
});

it('refuses a made-up cursor and a page size out of bounds', async () => {
  expect((await list('?cursor=bWFkZS11cA')).json).toMatchObject({ code: 'cursor.invalid' });
  expect((await list('?limit=0')).json).toMatchObject({ code: 'request.invalid' });
});
