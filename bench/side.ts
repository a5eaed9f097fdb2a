/** A process of its own for each thing that is measured, so that none pays for another's memory or compiled code. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Side<Ready = unknown> {
  /** What the process said when it was ready. */
  readonly ready: Ready;
  /** Throws Error with the process's own words when it failed. */
  ask<Answer>(task: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export interface SideOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly programArguments?: readonly string[];
}

/** @param program relative to bench/, such as `relay/call-sdk.ts` */
export async function startSide<Ready>(program: string, options: SideOptions = {}): Promise<Side<Ready>> {
  const { environment = {}, nodeOptions = [], programArguments = [] } = options;
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [...programArguments], {
    execArgv: [...nodeOptions],
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...environment },
    // What is printed, usage lines above all, goes into a pipe as under Lambda, and nobody reads it.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  const ready = await answerOf<Ready>(child);
  return {
    ready,
    ask<Answer>(task: unknown) {
      const answer = answerOf<Answer>(child);
      child.send(task as object);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      // An orderly end, so that a profile of it gets written.
      child.disconnect();
      await exited;
    },
  };
}

/** What the other process calls: says that it is ready, then does one task after another. */
export function serveTasks<Task>(ready: unknown, work: (task: Task) => Promise<unknown>): void {
  const send = (message: Message) => process.send?.(message);
  process.on('message', (task) => {
    work(task as Task).then(
      (answer) => send({ answer }),
      (error: unknown) =>
        send({ failure: error instanceof Error ? (error.stack ?? error.message) : 'failed' }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  send({ answer: ready });
}

type Message = { readonly answer: unknown } | { readonly failure: string };

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const over = new AbortController();
  const exited = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`A process of the bench ended with code ${code}.`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message'), exited])) as [Message];
    if ('failure' in message) throw new Error(message.failure);
    return message.answer as Answer;
  } finally {
    over.abort();
    exited.catch(() => undefined);
  }
}
