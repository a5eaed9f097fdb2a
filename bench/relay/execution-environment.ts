/** One execution environment of Lambda: a process under Lambda's own runtime client, fed through the runtime API. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRuntimeClient } from '../packages.ts';

export interface ExecutionEnvironment {
  /** Microseconds since it started. Only where it was started with `reportsCpu`. */
  cpuUs(): Promise<number>;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Where the runtime client could not be built, the figures say so. */
export const runtimeName = () => (findRuntimeClient() ? 'aws-lambda-ric' : 'a stand-in for aws-lambda-ric');

export function startEnvironment(options: {
  /** An ES module that exports `handler`. */
  readonly bundleFile: string;
  /** Of the runtime API. */
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly reportsCpu?: boolean;
}): ExecutionEnvironment {
  const { bundleFile, address, environment, reportsCpu = false } = options;
  const client = findRuntimeClient() ?? fileURLToPath(new URL('runtime-loop.mjs', import.meta.url));
  const preload = reportsCpu ? ['--import', new URL('report-cpu.mjs', import.meta.url).href] : [];
  const child = spawn(process.execPath, [...preload, client], {
    env: {
      PATH: process.env['PATH'] ?? '',
      ...environment,
      AWS_LAMBDA_RUNTIME_API: address,
      AWS_LAMBDA_FUNCTION_NAME: 'sharemaker-bench',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/sharemaker-bench',
      AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: dirname(bundleFile),
      _HANDLER: `${basename(bundleFile, '.mjs')}.handler`,
    },
    stdio: ['ignore', 'pipe', 'inherit', ...(reportsCpu ? (['ipc'] as const) : [])],
  });
  child.stdout?.resume();
  return {
    async cpuUs() {
      child.send('cpu');
      const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
      return user + system;
    },
    stop: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
