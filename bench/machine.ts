/** On what and of what was measured; figures without it say little. */

import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly commit: string;
  /** Of the last minute, before anything was measured. */
  readonly loadBefore: number;
  readonly startedAt: string;
  /** The share of the processor time wanted during the whole run that the host gave to other machines. */
  readonly stolen: number;
}

/** Before anything is measured. */
export function describeMachine(): Omit<Machine, 'stolen'> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    commit: commit(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    startedAt: new Date().toISOString(),
  };
}

/** What is measured and what measures, so that a change elsewhere does not count; nor do the results of an earlier run. */
const measuredPaths = [
  'lib',
  'functions',
  'esbuild.config.cjs',
  'package-lock.json',
  'bench',
  ':(exclude)bench/results',
];

function commit(): string {
  const git = (...words: string[]) =>
    spawnSync('git', words, { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' });
  const head = git('rev-parse', '--short=10', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const isClean = git('status', '--porcelain', '--', ...measuredPaths).stdout.trim() === '';
  return `${head.stdout.trim()}${isClean ? '' : ' and changes that are not committed'}`;
}
