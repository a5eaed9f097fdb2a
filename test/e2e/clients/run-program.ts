import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/**
 * Runs somebody else's program in its own process, with the given environment and nothing else of this machine's: no
 * keys, profiles or settings of whoever runs the tests. Does not reject: what it said and how it ended is the answer.
 */
export function runProgram(
  command: readonly [string, ...string[]],
  options: { readonly environment: Variables; readonly directory: string; readonly timeoutMs?: number },
): Promise<Ended> {
  const { environment, directory, timeoutMs = 60_000 } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    env: {
      PATH: searchPath,
      HOME: directory,
      LANG: 'C.UTF-8',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', ({ message }) => resolve({ code: null, stdout, stderr: message }));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** This Node first, so that `node` in a snippet is the one that runs the tests. */
export const searchPath = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

/** An empty directory that goes away with the test file. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sharemaker-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Why a test that needs these programs is skipped; undefined when they are all here. */
export function missing(...programs: (keyof typeof checks)[]): string | undefined {
  const absent = programs.filter((name) => !isHere(name));
  return absent.length === 0 ? undefined : `not installed, or too old: ${absent.join(', ')}`;
}

/** boto3 and the AWS CLI obey AWS_ENDPOINT_URL since the summer of 2023; Debian 12's do not, and would call AWS itself. */
const checks = {
  boto3: ['python3', '-c', 'import boto3; from botocore.configprovider import ConfiguredEndpointProvider'],
  'AWS CLI': [
    'sh',
    '-c',
    `aws --version 2>&1 | grep -Eq 'aws-cli/(1\\.(29|[3-9][0-9])|2\\.(1[3-9]|[2-9][0-9]))'`,
  ],
  jq: ['jq', '--version'],
  'curl 7.82': ['curl', '--aws-sigv4', 'aws:amz', '--json', '{}', '--version'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

const found = new Map<keyof typeof checks, boolean>();

function isHere(name: keyof typeof checks): boolean {
  const known = found.get(name);
  if (known !== undefined) return known;
  const [program, ...args] = checks[name];
  const { status } = spawnSync(program, args, { stdio: 'ignore', env: { ...process.env, PATH: searchPath } });
  found.set(name, status === 0);
  return status === 0;
}
