/** AWS's own clients through the relay, with just an address and a name to sign for: the programs of docs/clients.md and README.md. */

import { GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { missing, temporaryDirectory } from './run-program.ts';
import { childUser, share, storyOfARiver } from './shared-endpoints.ts';
import { readSnippets, runSnippet, type Snippet } from './snippets.ts';

const snippets = new Map([...readSnippets('docs/clients.md'), ...readSnippets('README.md')]);
const home = temporaryDirectory();
const timeout = 90_000;

let sandbox: TestSandbox;
let story: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  await share(sandbox, ['iris', 'storyteller', 'iris-async']);
  story = await storyOfARiver(sandbox);
}, timeout);
afterAll(() => sandbox.close());

it('AWS SDK for JavaScript: a prediction and a stream', { timeout }, async () => {
  expect(await run('relay-js')).toEqual({ code: 0, stdout: `setosa\n\n${story}`, stderr: '' });
  expect(await run('js')).toEqual({ code: 0, stdout: 'setosa\n\n', stderr: '' });
});

it('boto3: a prediction and a stream', { timeout }, async ({ skip }) => {
  const absent = missing('boto3');
  if (absent) skip(absent);
  expect(await run('relay-boto3')).toEqual({ code: 0, stdout: `setosa\n\n${story}`, stderr: '' });
  expect(await run('boto3')).toEqual({ code: 0, stdout: 'setosa\n\n', stderr: '' });
});

it('curl: a prediction, with lasting and with temporary keys', { timeout }, async ({ skip }) => {
  const absent = missing('curl 7.82');
  if (absent) skip(absent);
  const sts = new STSClient(sandbox.asChild.sdk);
  const { Credentials } = await sts.send(new GetSessionTokenCommand({}));
  const temporary = {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
  for (const keys of [{}, temporary])
    expect(await run('relay-curl', keys)).toEqual({ code: 0, stdout: 'setosa\n', stderr: '' });
});

it('curl: a stream as server-sent events', { timeout }, async ({ skip }) => {
  const absent = missing('curl 7.82');
  if (absent) skip(absent);
  const { code, stdout, stderr } = await run('relay-curl-stream');
  expect([code, stderr]).toEqual([0, '']);
  const events = stdout.trimEnd().split('\n\n');
  expect(events.pop()).toBe('event: done\ndata:');
  expect(events.length).toBeGreaterThan(20);
  expect(events.map((event) => event.replace(/^data: /, '')).join('')).toBe(story);
});

it('curl: an input uploaded, and its result fetched, without S3 rights', { timeout }, async ({ skip }) => {
  const absent = missing('curl 7.82', 'jq');
  if (absent) skip(absent);
  const mayOnlyCallTheRelay = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' }],
  });
  const keys = await childUser(sandbox, 'no-s3-rights', mayOnlyCallTheRelay);
  const answer = await run('relay-async', {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  });
  expect(answer).toEqual({ code: 0, stdout: 'setosa\nvirginica\n', stderr: '' });
});

it('the policy for callers opens its alias and no other', async () => {
  const policy = snippet('relay-policy');
  const credentials = await childUser(sandbox, 'iris-caller', policy.code);
  const ask = (path: string) =>
    sandbox.asChild.send('POST', path, {
      credentials,
      headers: { 'content-type': 'text/csv' },
      body: '5.1,3.5,1.4,0.2',
    });
  expect((await ask('/endpoints/iris/invocations')).text).toBe('setosa\n');
  for (const path of ['/endpoints/storyteller/invocations', '/subscriptions/iris/check']) {
    const { status, text } = await ask(path);
    expect([path, status]).toEqual([path, 403]);
    expect(text).toContain('is not authorized to perform: execute-api:Invoke');
  }
});

function run(name: string, more: Readonly<Record<string, string>> = {}) {
  const { child, region } = sandbox.describe;
  return runSnippet(snippet(name), {
    home,
    environment: {
      CHILD_API: child.apiUrl,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: child.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: child.credentials.secretAccessKey,
      ...more,
    },
  });
}

function snippet(name: string): Snippet {
  const found = snippets.get(name);
  if (!found) throw new Error(`No document has a snippet "${name}".`);
  return found;
}
