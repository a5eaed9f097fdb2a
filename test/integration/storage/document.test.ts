/** docs/storage.md against the items that the tables really hold. */

import { readFileSync } from 'node:fs';
import { type AttributeValue, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

const text = readFileSync(new URL('../../../docs/storage.md', import.meta.url), 'utf8');
const sections = Object.fromEntries(
  text.split(/^## /m).map((section) => [/^`sharemaker-<stage>-(\w+)`/.exec(section)?.[1] ?? '', section]),
);

let sandbox: TestSandbox;
/** Table → every attribute that any of its items had at any time. */
const seen: Record<string, Set<string>> = { grants: new Set(), audits: new Set(), subscriptions: new Set() };

beforeAll(async () => {
  sandbox = await startSandbox();
  await live();
}, 90_000);
afterAll(() => sandbox.close());

it.each(Object.keys(seen))('every attribute of an item of %s is in the document', (table) => {
  const missing = [...(seen[table] ?? [])].filter((name) => !mentions(sections[table] ?? '', name));
  expect(missing).toEqual([]);
});

it.each([
  // Of a grant under way, an end that takes longer, a grant that failed, one that nobody uses; of an audit from page to page.
  ['grants', ['pending', 'closing', 'failure', 'unusedSince', 'sampledAt', 'leaseHolder', 'leaseUntil']],
  ['audits', ['marker', 'grantsFrom']],
  ['subscriptions', []],
])('no example of %s has an attribute that items do not have', (table, rare) => {
  const documented = topLevelNames(sections[table] ?? '');
  expect(documented.size).toBeGreaterThan(8);
  const unknown = [...documented].filter((name) => !seen[table]?.has(name) && !rare.includes(name));
  expect(unknown).toEqual([]);
});

/** A grant and a subscription through all of their lives, with every optional part. */
async function live(): Promise<void> {
  const { asParent, asChild, describe } = sandbox;
  const body = {
    endpoint: { name: 'Iris-Classifier-Async' },
    child: { accountId: describe.child.accountId },
    modes: ['sync', 'async'],
    conditions: { sourceIps: ['127.0.0.0/8'] },
    limits: { concurrency: 3 },
    recordCaller: true,
    note: 'all of it',
  };
  const { json: grant } = await asParent.post<Grant>('/grants', body);
  expect(grant.status).toBe('active');
  await asParent.post('/grants', {
    endpoint: { name: 'Iris-Classifier' },
    child: { accountId: describe.child.accountId },
    targets: { models: ['tenant-a/*'] },
  });
  await look();
  const offerUrl = `${describe.parent.apiUrl}/offers/${grant.id}`;
  expect((await asChild.post('/subscriptions', { alias: 'iris', offerUrl })).status).toBe(201);
  const invoked = await asChild.send('POST', '/endpoints/iris/async-invocations', {
    body: '5.1,3.5,1.4,0.2',
    headers: { 'x-amzn-sagemaker-content-type': 'text/csv' },
  });
  expect(invoked.status).toBe(202);
  // Slots are given back, and an empty set is no attribute: one that is taken shows while the model works.
  seen['subscriptions']?.add('slots');
  await asParent.post(`/grants/${grant.id}/rotate`, { graceSeconds: 60 });
  await look();
  await new IAMClient(asParent.sdk).send(
    new DeleteRolePolicyCommand({ RoleName: `sharemaker-${grant.id}`, PolicyName: 'invoke' }),
  );
  // So long after a change an audit looks at what IAM says of it.
  sandbox.advanceClock(300);
  expect((await asParent.post('/audits', { mode: 'report' })).status).toBe(201);
  await look();
  expect((await asParent.post(`/grants/${grant.id}/suspend`)).status).toBe(200);
  await look();
  expect((await asParent.post(`/grants/${grant.id}/revoke`)).status).toBe(200);
  expect((await asParent.get<Grant>(`/grants/${grant.id}`)).json.status).toBe('revoked');
  await asChild.post('/subscriptions/iris/check');
  await look();
}

async function look(): Promise<void> {
  for (const [table, names] of Object.entries(seen)) {
    const { sdk } = table === 'subscriptions' ? sandbox.asChild : sandbox.asParent;
    const { Items } = await new DynamoDBClient(sdk).send(
      new ScanCommand({ TableName: `sharemaker-dev-${table}` }),
    );
    for (const item of (Items ?? []) as Record<string, AttributeValue>[])
      for (const name of Object.keys(item)) names.add(name);
  }
}

function mentions(section: string, name: string): boolean {
  return section.includes(`"${name}"`) || section.includes(`\`${name}\``) || section.includes(`\`${name}.`);
}

/** The attributes of the examples: names at the first level of each object in a jsonc block. */
function topLevelNames(section: string): Set<string> {
  const names = new Set<string>();
  for (const [, block = ''] of section.matchAll(/```jsonc\n([\s\S]*?)```/g)) {
    let depth = 0;
    const tokens = block.replace(/\/\/ .*$/gm, '').matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g);
    for (const [token, name = '', colon] of tokens) {
      if (token === '{' || token === '[') depth += 1;
      else if (token === '}' || token === ']') depth -= 1;
      else if (colon && depth === 1) names.add(name);
    }
  }
  return names;
}
