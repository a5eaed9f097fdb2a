/**
 * `npm test [-- filters for vitest]`: format and lint, types, unused code, then every test. The last line is always
 * `N passed, N failed`; lint, types and unused code count as one check each, and so does every test.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readReport, type Tally } from './test-report.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** Package, its command, arguments. */
const checks = [
  { name: 'lint and format', tool: ['@biomejs/biome', 'biome', 'check', '--error-on-warnings'] },
  { name: 'types', tool: ['typescript', 'tsc', '-p', '.'] },
  { name: 'unused code', tool: ['knip', 'knip', '--no-progress'] },
] as const;

const startedAt = Date.now();
const filters = process.argv.slice(2);
const tally: Tally = { passed: 0, failures: [], skipped: [] };
// The three are short and mostly wait for the disk; the tests then have the machine to themselves.
for (const outcome of await Promise.all(checks.map(runCheck))) {
  if (outcome.isOk) tally.passed += 1;
  else tally.failures.push(outcome.name);
}
await runTests();
report();
process.exitCode = tally.failures.length === 0 ? 0 : 1;

async function runCheck({ name, tool: [pkg, command, ...args] }: (typeof checks)[number]) {
  const began = Date.now();
  const { code, output } = await run(binOf(pkg, command), args, 'kept');
  const isOk = code === 0;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${isOk ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (!isOk) console.log(indented(output));
  return { name, isOk };
}

async function runTests(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'sharemaker-test-'));
  try {
    const file = join(scratch, 'report.json');
    const reporters = [
      '--reporter=default',
      '--silent=passed-only',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ];
    const { code } = await run(binOf('vitest', 'vitest'), ['run', ...reporters, ...filters], 'shown');
    const tests = await readReport(file, code, root);
    tally.passed += tests.passed;
    tally.failures.push(...tests.failures);
    tally.skipped.push(...tests.skipped);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function report(): void {
  const { passed, failures, skipped } = tally;
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ✗ ${name}`).join('\n')}`);
  if (skipped.length > 0) console.log(`\nSkipped: ${skipped.join('; ')}`);
  console.log(`\n${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failures.length} failed`);
}

function run(
  file: string,
  args: readonly string[],
  output: 'kept' | 'shown',
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
      cwd: root,
      stdio: ['ignore', ...(output === 'shown' ? ['inherit', 'inherit'] : ['pipe', 'pipe'])] as 'pipe'[],
    });
    const said: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output: Buffer.concat(said).toString() }));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  });
}

/** The JavaScript file behind a package's command: no shell and no search path in between. */
function binOf(pkg: string, command: string): string {
  const manifest = join(root, 'node_modules', pkg, 'package.json');
  const { bin } = require(manifest) as { bin: string | Record<string, string> };
  return join(dirname(manifest), typeof bin === 'string' ? bin : (bin[command] as string));
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
