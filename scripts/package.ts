/** `npm run package`: both stacks into .serverless/parent and .serverless/child, without AWS credentials. */

import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runServerless } from './serverless.ts';

const accounts = ['parent', 'child'] as const;
const output = join(root, '.serverless');

// Packaging writes to .serverless first and copies from there, so the packages wait elsewhere until both are made.
const staging = join(root, 'node_modules', '.cache', 'sharemaker', `package-${process.pid}`);
try {
  await rm(output, { recursive: true, force: true });
  for (const account of accounts) await packageStack(account, join(staging, account));
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  for (const account of accounts) await rename(join(staging, account), join(output, account));
} finally {
  await rm(staging, { recursive: true, force: true });
}

async function packageStack(account: string, destination: string): Promise<void> {
  const startedAt = Date.now();
  const args = ['package', '--param', `account=${account}`, '--package', destination];
  const { code, said } = await runServerless(args, { env: withoutAwsSettings(), output: 'kept' });
  if (code !== 0) {
    process.stderr.write(said);
    throw new Error(`Packaging the ${account}'s stack failed.`);
  }
  console.log(`.serverless/${account} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}

/** A package must not depend on who makes it: no profile, no credentials, no instance metadata. */
function withoutAwsSettings(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const nowhere = join(tmpdir(), 'sharemaker-no-aws-settings');
  return {
    ...Object.fromEntries(kept),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_CONFIG_FILE: nowhere,
  };
}
