import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Audit } from '../../../lib/contract/audit.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

interface Page {
  readonly items: readonly Audit[];
  readonly nextCursor?: string;
}

let sandbox: TestSandbox;
const ids: string[] = [];
beforeAll(async () => {
  sandbox = await startSandbox();
  expect((await sandbox.asParent.get('/audits')).json).toEqual({ items: [] });
  for (let count = 0; count < 5; count++) {
    const { json } = await sandbox.asParent.post<Audit>('/audits');
    ids.unshift(json.id);
    sandbox.advanceClock(1);
  }
});
afterAll(() => sandbox.close());

it('lists audits, newest first, without their findings', async () => {
  const { status, json } = await sandbox.asParent.get<Page>('/audits');
  expect(status).toBe(200);
  expect(json.items.map(({ id }) => id)).toEqual(ids);
  expect(Object.keys(json.items[0] ?? {}).sort()).toEqual([
    'counts',
    'finishedAt',
    'id',
    'mode',
    'startedAt',
    'startedBy',
    'status',
  ]);
  expect(json.nextCursor).toBeUndefined();
});

it('walks through all of them, each once, with pages of two', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const path = `/audits?limit=2${cursor ? `&cursor=${cursor}` : ''}`;
    const { json } = await sandbox.asParent.get<Page>(path);
    expect(json.items.length).toBeLessThanOrEqual(2);
    seen.push(...json.items.map(({ id }) => id));
    cursor = json.nextCursor;
  } while (cursor);
  expect(seen).toEqual(ids);
});
