/** Portkey's gateway in a process of its own, its SageMaker provider pointed at the stub. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findPortkey } from '../packages.ts';
import { staticCredentials } from './stub-aws.ts';

export interface Gateway {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Undefined: it is not installed. Throws Error when it does not start. */
export async function startPortkey(sagemakerUrl: string): Promise<Gateway | undefined> {
  const program = findPortkey();
  if (!program) return undefined;
  const port = await freePort();
  const child = spawn(process.execPath, [program, `--port=${port}`, '--headless'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const url = `http://127.0.0.1:${port}`;
  await untilListening(url, () => child.exitCode === null);
  return {
    url: `${url}/v1`,
    headers: {
      'x-portkey-provider': 'sagemaker',
      'x-portkey-custom-host': sagemakerUrl,
      'x-portkey-aws-region': 'us-east-1',
      'x-portkey-aws-access-key-id': staticCredentials.accessKeyId,
      'x-portkey-aws-secret-access-key': staticCredentials.secretAccessKey,
      'x-portkey-aws-session-token': staticCredentials.sessionToken,
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** Portkey has to be told its port, so one is asked for and given back. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const startsWithinMs = 30_000;

async function untilListening(url: string, isAlive: () => boolean): Promise<void> {
  const until = performance.now() + startsWithinMs;
  while (isAlive() && performance.now() < until) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Portkey's gateway did not start.");
}
