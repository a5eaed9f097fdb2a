/** What vitest's JSON report counts, and what it leaves out: files that did not load, and a run that did not finish. */

import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

export interface Tally {
  passed: number;
  /** One entry per failure, by name. */
  readonly failures: string[];
  readonly skipped: string[];
}

/** @param exitCode of vitest; null when it did not even start or was killed */
export async function readReport(file: string, exitCode: number | null, root: string): Promise<Tally> {
  const report = await readJson(file);
  const tally: Tally = { passed: 0, failures: [], skipped: [] };
  if (!report) {
    tally.failures.push(`vitest ended without a report (exit code ${exitCode})`);
    return tally;
  }
  for (const { name, status, message, assertionResults } of report.testResults) {
    const path = relative(root, name);
    const failedBefore = tally.failures.length;
    for (const test of assertionResults) {
      const title = `${path} > ${test.fullName}`;
      if (test.status === 'passed') tally.passed += 1;
      else if (test.status === 'failed') tally.failures.push(title);
      else tally.skipped.push(title);
    }
    // A file that throws while it loads, or in a hook, has no failed test of its own.
    if (status === 'failed' && tally.failures.length === failedBefore)
      tally.failures.push(`${path}: ${message?.split('\n')[0] || 'did not load'}`);
  }
  // Errors outside any test show in the exit code only.
  if (exitCode !== 0 && tally.failures.length === 0)
    tally.failures.push(
      tally.passed + tally.skipped.length === 0
        ? 'no test was found'
        : `vitest failed outside any test (exit code ${exitCode})`,
    );
  if (exitCode === 0 && tally.passed === 0 && tally.failures.length === 0)
    tally.failures.push('no test was run');
  return tally;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function readJson(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}
