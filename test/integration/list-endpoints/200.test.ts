import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from '../../../lib/contract/operations.ts';
import { ask } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

type Page = Answer<'list-endpoints'>;

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const list = (query = '') => sandbox.asParent.get<Page>(`/endpoints${query}`);

it('lists the endpoints of the account by name, each with status and the number of its grants', async () => {
  const { status, json } = await list();
  expect(status).toBe(200);
  expect(json.items.map(({ name }) => name)).toEqual([
    'Iris-Classifier',
    'Iris-Classifier-Async',
    'puppet',
    'puppet-async',
    'storyteller',
  ]);
  expect(json.items[0]).toEqual({
    name: 'Iris-Classifier',
    arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
    status: 'InService',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    grants: 0,
  });
  expect(json.nextCursor).toBeUndefined();
});

it('counts grants that live, suspended ones too, and none that has ended', async () => {
  const grants = await Promise.all([1, 2, 3].map(() => anActiveGrant(sandbox, 'puppet')));
  await ask(sandbox, grants[0]!, 'suspend');
  await ask(sandbox, grants[1]!, 'revoke');
  const { json } = await list();
  const counts = Object.fromEntries(json.items.map(({ name, grants: count }) => [name, count]));
  expect(counts).toMatchObject({ puppet: 2, 'puppet-async': 0, storyteller: 0 });
});

it('pages through all of them, each once', async () => {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
    expect(json.items.length).toBeLessThanOrEqual(2);
    names.push(...json.items.map(({ name }) => name));
    cursor = json.nextCursor;
  } while (cursor);
  expect(names).toEqual((await list()).json.items.map(({ name }) => name));
});

it('says what state an endpoint is in', async () => {
  const place = { accountId: '111111111111', name: 'a-broken-one' };
  sandbox.sageMaker.addEndpoint(place);
  sandbox.sageMaker.setStatus(place, 'Failed');
  const [first] = (await list()).json.items;
  expect(first).toMatchObject({ name: 'a-broken-one', status: 'Failed' });
});

it('shows nothing of other accounts', async () => {
  sandbox.sageMaker.addEndpoint({ accountId: '222222222222', name: 'of-the-child' });
  expect((await list()).text).not.toContain('of-the-child');
});
