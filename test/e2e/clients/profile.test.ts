/** AWS's own clients with nothing changed but the profile they run under: the programs of docs/clients.md and README.md. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { missing, searchPath, temporaryDirectory } from './run-program.ts';
import { type Alias, childUser, share, storyOfARiver } from './shared-endpoints.ts';
import { readSnippets, repository, runSnippet, type Snippet } from './snippets.ts';

const snippets = new Map([...readSnippets('docs/clients.md'), ...readSnippets('README.md')]);
const home = temporaryDirectory();
/** Of somebody who has read README.md only: it names a profile as docs/clients.md does. */
const readersHome = temporaryDirectory();
const timeout = 90_000;

let sandbox: TestSandbox;
let grants: Record<'iris' | 'storyteller', string>;
let story: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  grants = await share(sandbox, ['iris', 'storyteller']);
  story = await storyOfARiver(sandbox);
  linkSharemaker();
  // The child's own profile may do no more than the document says.
  const keys = await childUser(sandbox, 'profile-user', snippet('profile-policy').code);
  for (const each of [home, readersHome]) writeChildProfile(each, keys);
  expect(await run('profiles')).toEqual({ code: 0, stdout: '', stderr: '' });
}, timeout);
afterAll(() => sandbox.close());

it('boto3: whole and streamed', { timeout }, async ({ skip }) => {
  const absent = missing('boto3');
  if (absent) skip(absent);
  const answer = await run('profile-boto3', 'storyteller');
  expect(answer).toEqual({ code: 0, stdout: `${story}\n${story}`, stderr: '' });
  expect(directCalls('storyteller')).toContain('InvokeEndpointWithResponseStream');
});

it('AWS SDK for JavaScript: whole and streamed', { timeout }, async () => {
  const answer = await run('profile-js', 'storyteller');
  expect(answer).toEqual({ code: 0, stdout: `${story}\n${story}`, stderr: '' });
  expect(directCalls('storyteller')).toContain('InvokeEndpointWithResponseStream');
});

it('AWS CLI: predicts under the profile of README.md', { timeout }, async ({ skip }) => {
  const absent = missing('AWS CLI');
  if (absent) skip(absent);
  expect(await run('profile', undefined, readersHome)).toEqual({ code: 0, stdout: '', stderr: '' });
  const answer = await run('profile-cli', undefined, readersHome);
  expect([answer.code, answer.stderr]).toEqual([0, '']);
  expect(answer.stdout).toContain('setosa\n');
});

it('AWS CLI: predicts until the grant is revoked, although its session lives on', { timeout }, async ({
  skip,
}) => {
  const absent = missing('AWS CLI');
  if (absent) skip(absent);
  const answer = await run('profile-cli');
  expect([answer.code, answer.stderr]).toEqual([0, '']);
  expect(answer.stdout).toContain('setosa\n');
  expect(directCalls('iris')).toContain('InvokeEndpoint');

  const { status, json } = await sandbox.asParent.post(`/grants/${grants.iris}/revoke`);
  expect([status, json['status']]).toEqual([200, 'revoked']);
  const refused = await run('profile-cli');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('AccessDenied');
  expect(refused.stdout).not.toContain('setosa');
});

/** What an application's shell holds: a profile's name, and no keys. */
function run(name: string, profile?: string, theirHome = home) {
  const { child, region, awsEndpointUrl } = sandbox.describe;
  return runSnippet(snippet(name), {
    home: theirHome,
    environment: {
      CHILD_API: child.apiUrl,
      AWS_REGION: region,
      AWS_ENDPOINT_URL: awsEndpointUrl,
      PATH: `${join(home, 'bin')}:${searchPath}`,
      ...(profile && { AWS_PROFILE: profile }),
    },
  });
}

/** What was asked of SageMaker with a session of the grant's role that the relay did not take. */
function directCalls(alias: Alias & keyof typeof grants): string[] {
  return sandbox.calls
    .filter(({ service, functionName }) => service === 'sagemaker' && functionName === undefined)
    .filter(({ principalArn }) => principalArn.includes(grants[alias]))
    .map(({ operation }) => operation);
}

/** As `npm link` does: the file that package.json names, as a command. */
function linkSharemaker(): void {
  const { bin } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  const command = join(home, 'bin', 'sharemaker');
  mkdirSync(join(home, 'bin'));
  writeFileSync(command, `#!/bin/sh\nexec node '${join(repository, bin['sharemaker'] ?? '')}' "$@"\n`);
  chmodSync(command, 0o755);
}

function writeChildProfile(theirHome: string, keys: { accessKeyId: string; secretAccessKey: string }): void {
  mkdirSync(join(theirHome, '.aws'));
  writeFileSync(
    join(theirHome, '.aws', 'credentials'),
    `[child]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
    { mode: 0o600 },
  );
}

function snippet(name: string): Snippet {
  const found = snippets.get(name);
  if (!found) throw new Error(`No document has a snippet "${name}".`);
  return found;
}
