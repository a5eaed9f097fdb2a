import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

const children = ['222222222222', '333333333333', '444444444444'];
const endpoints = ['puppet', 'storyteller'];
const statuses = ['active', 'suspended', 'revoked', 'expired', 'failed'] as const;
const copies = 66;

let sandbox: TestSandbox;
/** Newest first. */
let all: Grant[];
beforeAll(async () => {
  sandbox = await startSandbox();
  const original = await anActiveGrant(sandbox, 'puppet');
  await copyInTable(original.id);
  all = await pages('limit=100').then((list) => list.flat());
});
afterAll(() => sandbox?.close());

it('lists every grant, newest first, each as get-grant answers it', async () => {
  expect(all).toHaveLength(copies + 1);
  expect(all.map(({ createdAt }) => createdAt)).toEqual(
    all
      .map(({ createdAt }) => createdAt)
      .sort()
      .reverse(),
  );
  const [newest] = all;
  expect((await sandbox.asParent.get(`/grants/${newest!.id}`)).json).toEqual(newest);
});

it('gives 25 a page unless told otherwise, and a cursor as long as there are more', async () => {
  const [first, second, third, ...rest] = await pages('');
  expect([first?.length, second?.length, third?.length, rest]).toEqual([25, 25, 17, []]);
});

const filters = [
  '',
  ...children.map((id) => `childAccountId=${id}`),
  ...endpoints.map((name) => `endpointName=${name}`),
  ...statuses.map((status) => `status=${status}`),
  `childAccountId=${children[1]}&endpointName=storyteller`,
  `childAccountId=${children[2]}&status=active`,
  'endpointName=puppet&status=suspended',
  `childAccountId=${children[0]}&endpointName=puppet&status=active`,
  'childAccountId=999999999999',
  'endpointName=nobody&status=active',
];

describe('pages through all that match, each once, in order', () => {
  it.each(
    filters.flatMap((filter) => [9, 100].map((limit) => ({ filter, limit, what: filter || 'everything' }))),
  )('$what, $limit at a time', async ({ filter, limit }) => {
    const found = (await pages([filter, `limit=${limit}`].filter(Boolean).join('&'))).flat();
    expect(found.map(({ id }) => id)).toEqual(matching(filter).map(({ id }) => id));
  });

  it('one at a time', async () => {
    const filter = 'endpointName=puppet&status=suspended';
    const found = await pages(`${filter}&limit=1`);
    expect(found.flat().map(({ id }) => id)).toEqual(matching(filter).map(({ id }) => id));
    expect(Math.max(...found.map(({ length }) => length))).toBe(1);
  });
});

it('holds its place while grants are made and end between the pages', async () => {
  const query = 'childAccountId=222222222222&limit=5';
  const first = await page(query);
  const made = await anActiveGrant(sandbox, 'puppet');
  const seen = [...first.items];
  for (let cursor = first.nextCursor; cursor; ) {
    const next = await page(`${query}&cursor=${cursor}`);
    seen.push(...next.items);
    cursor = next.nextCursor;
  }
  expect(seen.map(({ id }) => id)).toEqual(matching('childAccountId=222222222222').map(({ id }) => id));
  expect((await page(query)).items[0]?.id).toBe(made.id);
});

it('lets the page size change from page to page', async () => {
  const first = await page('status=active&limit=2');
  const second = await page(`status=active&limit=3&cursor=${first.nextCursor}`);
  expect(second.items).toHaveLength(3);
});

function matching(filter: string): Grant[] {
  const wanted = new URLSearchParams(filter);
  const field: Readonly<Record<string, (grant: Grant) => string>> = {
    childAccountId: ({ child }) => child.accountId,
    endpointName: ({ endpoint }) => endpoint.name,
    status: ({ status }) => status,
  };
  return all.filter((grant) => [...wanted].every(([name, value]) => field[name]?.(grant) === value));
}

async function page(query: string): Promise<{ items: Grant[]; nextCursor?: string }> {
  const answer = await sandbox.asParent.get<{ items: Grant[]; nextCursor?: string }>(`/grants?${query}`);
  expect(answer.status).toBe(200);
  return answer.json;
}

async function pages(query: string): Promise<Grant[][]> {
  const list: Grant[][] = [];
  let cursor: string | undefined;
  do {
    const next = await page([query, cursor && `cursor=${cursor}`].filter(Boolean).join('&'));
    list.push(next.items);
    cursor = next.nextCursor;
  } while (cursor);
  return list;
}

/** Sixty-six more of one grant: other ids, times, children, endpoints and states. */
async function copyInTable(id: string): Promise<void> {
  const dynamo = new DynamoDBClient(sandbox.asParent.sdk);
  const TableName = 'sharemaker-dev-grants';
  const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
  const items = Array.from({ length: copies }, (_, n) => {
    const childAccountId = children[n % children.length]!;
    const endpointName = endpoints[n % endpoints.length]!;
    const createdAt = new Date(Date.parse(Item!['createdAt']!.S!) - n * 60_000 - 1).toISOString();
    return {
      ...Item,
      id: { S: `grt_${String(n).padStart(26, '0')}` },
      childAccountId: { S: childAccountId },
      child: { M: { accountId: { S: childAccountId } } },
      endpointName: { S: endpointName },
      endpoint: { M: { ...Item!['endpoint']!.M, name: { S: endpointName } } },
      status: { S: statuses[n % statuses.length]! },
      createdAt: { S: createdAt },
    };
  });
  for (let from = 0; from < items.length; from += 25) {
    const requests = items.slice(from, from + 25).map((each) => ({ PutRequest: { Item: each } }));
    await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
}
