import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport } from '../../scripts/test-report.ts';

describe('what npm test counts', () => {
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'sharemaker-report-'));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  const tally = async (report: unknown, exitCode: number | null) => {
    const file = join(scratch, 'report.json');
    await writeFile(file, typeof report === 'string' ? report : JSON.stringify(report));
    return readReport(file, exitCode, '/repo');
  };
  const aFile = (...statuses: string[]) => ({
    name: '/repo/test/a.test.ts',
    status: statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map((status, index) => ({ fullName: `case ${index}`, status })),
  });

  it('is every test by its outcome', async () => {
    const report = { testResults: [aFile('passed', 'failed', 'skipped'), aFile('passed')] };
    expect(await tally(report, 1)).toEqual({
      passed: 2,
      failures: ['test/a.test.ts > case 1'],
      skipped: ['test/a.test.ts > case 2'],
    });
  });

  it('is a failure for a file that did not load', async () => {
    const broken = { ...aFile(), status: 'failed', message: 'Cannot find module ./b.ts\nat …' };
    const { passed, failures } = await tally({ testResults: [aFile('passed'), broken] }, 1);
    expect({ passed, failures }).toEqual({
      passed: 1,
      failures: ['test/a.test.ts: Cannot find module ./b.ts'],
    });
  });

  it.each([
    ['a run that crashed before its report', '', 134],
    ['a run that never started', '', null],
    ['a report that was cut off', '{"testResults": [', 1],
    ['an error outside any test', { testResults: [aFile('passed')] }, 1],
    ['a run without a test', { testResults: [] }, 1],
    ['a run in which everything was skipped', { testResults: [aFile('skipped')] }, 0],
  ])('is never "0 failed" for %s', async (_what, report, exitCode) => {
    expect((await tally(report, exitCode)).failures).toHaveLength(1);
  });

  it('is nothing but passes for a run that went well', async () => {
    expect(await tally({ testResults: [aFile('passed', 'passed')] }, 0)).toEqual({
      passed: 2,
      failures: [],
      skipped: [],
    });
  });
});
