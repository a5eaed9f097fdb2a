/** docs/sandbox.md against the sandbox: every control call, and every body as the page prints it. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';

const text = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `([A-Z]+) \/_sandbox(\/\S*)` \| (?:`([^`]+)`)? ?\|/gm)].map(
  ([, method = '', path = '', body]) => ({ method, path, ...(body && { body }) }),
);

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
}, 60_000);
afterAll(() => sandbox.close());

it('has every control call and no other', async () => {
  const response = await fetch(`${sandbox.describe.controlUrl}/`);
  const { routes } = (await response.json()) as { routes: string[] };
  expect(rows.map(({ method, path }) => `${method} /_sandbox${path}`).sort()).toEqual(routes.sort());
});

it.each(rows)('$method $path does what it is asked', async ({ method, path, body }) => {
  const url = sandbox.describe.controlUrl + path.replace('{name}', 'advance-grants');
  const response = await fetch(url, { method, ...(body && { body }) });
  expect([response.status, await response.json()]).toEqual([200, expect.any(Object)]);
});

it('names every model', async () => {
  const { json } = await sandbox.asParent.get<{ items: { name: string }[] }>('/endpoints');
  const models = text.slice(text.indexOf('## Models'), text.indexOf('## Control'));
  const names = json.items.map(({ name }) => name);
  expect(names).toContain('Iris-Classifier');
  // `churn` is what the calls above made.
  expect(names.filter((name) => !models.includes(`\`${name}\``))).toEqual(['churn']);
});
