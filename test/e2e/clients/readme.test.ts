/** The commands of README.md, one after the other, as a reader would type them. Its programs run with those of docs/clients.md. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { missing, temporaryDirectory } from './run-program.ts';
import { readSnippets, runSnippet } from './snippets.ts';

const home = temporaryDirectory();

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
}, 60_000);
afterAll(() => sandbox.close());

it('shares an endpoint: a grant, its acceptance, a prediction', { timeout: 90_000 }, async ({ skip }) => {
  const absent = missing('curl 7.82', 'jq');
  if (absent) skip(absent);
  const snippets = readSnippets('README.md');
  expect([...snippets.keys()].slice(0, 3)).toEqual(['create', 'accept', 'invoke']);
  const all = snippets.get('invoke');
  if (!all) throw new Error('README.md invokes nothing.');

  const { parent, child } = sandbox.describe;
  const { code, stdout, stderr } = await runSnippet(all, {
    home,
    environment: {
      PARENT_API: parent.apiUrl,
      CHILD_API: child.apiUrl,
      PARENT_KEYS: `${parent.credentials.accessKeyId}:${parent.credentials.secretAccessKey}`,
      CHILD_KEYS: `${child.credentials.accessKeyId}:${child.credentials.secretAccessKey}`,
    },
  });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^\{"id":"grt_\w{26}".*"status":"active".*\}\{"alias":"iris".*"status":"active".*\}setosa\n$/,
  );
});
