/** Runs the Serverless Framework of package-lock.json under the Node that runs this. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const script = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

/** @returns the exit code (null after a signal), and what was said unless that was shown */
export async function runServerless(
  args: readonly string[],
  { env, output }: { readonly env: NodeJS.ProcessEnv; readonly output: 'kept' | 'shown' },
): Promise<{ readonly code: number | null; readonly said: Buffer }> {
  // serverless-esbuild leaves a folder for every function behind.
  const scratch = await mkdtemp(join(tmpdir(), 'sharemaker-serverless-'));
  try {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      env: { ...env, TMPDIR: scratch },
      stdio: ['inherit', ...(output === 'shown' ? ['inherit', 'inherit'] : ['pipe', 'pipe'])] as 'pipe'[],
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    // The framework finishes its step or gives up; then this goes on, and cleans up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, said: Buffer.concat(chunks) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
