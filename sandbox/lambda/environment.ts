import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type {
  EnvironmentData,
  FromEnvironment,
  FunctionFailure,
  InvocationContext,
  ToEnvironment,
} from './protocol.ts';

/** What became of one invocation. */
export type Outcome =
  | { readonly type: 'result'; readonly payload: string }
  /** Throws where the function failed after its first write. Leaving it early tells the function so. */
  | { readonly type: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly type: 'failure'; readonly failure: FunctionFailure };

export interface Invocation {
  readonly event: unknown;
  readonly context: InvocationContext;
  readonly timeoutMs: number;
  /** Aborts when nobody waits for the response any more. A function that streams is then told by its stream. */
  readonly signal?: AbortSignal;
}

/** One execution environment: a worker thread that handles one event at a time. */
export interface Environment {
  readonly isAlive: boolean;
  /** The outcome, and when the environment is free again: for a stream that is at its end. */
  invoke(invocation: Invocation): { readonly outcome: Promise<Outcome>; readonly idle: Promise<void> };
  /** Kills it, whatever it does. */
  kill(failure: FunctionFailure): Promise<void>;
}

export interface EnvironmentOptions {
  readonly bundlePath: string;
  readonly handlerName: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly clockOffset: SharedArrayBuffer;
  readonly onLine: (line: string, requestId: string | undefined) => void;
}

/** Lambda gives a function this long to load before the clock of its first invocation starts. */
const initMaxMs = 10_000;

export function startEnvironment(options: EnvironmentOptions): Environment {
  const { bundlePath, handlerName, clockOffset, variables, memoryMb, onLine } = options;
  const workerData: EnvironmentData = {
    bundleUrl: pathToFileURL(bundlePath).href,
    handlerName,
    clockOffset,
  };
  const worker = new Worker(new URL('./runtime.ts', import.meta.url), {
    // What V8 compiled is kept beside the bundle, a third of a cold start. The runtime hides this one from the function.
    env: { ...variables, NODE_COMPILE_CACHE: join(dirname(bundlePath), 'compiled') },
    workerData,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  let death: FunctionFailure | undefined;
  let current: Receiver | undefined;
  const ready = Promise.withResolvers<void>();

  for (const output of [worker.stdout, worker.stderr]) {
    createInterface({ input: output }).on('line', (line) => onLine(line, current?.requestId));
  }
  worker.on('message', (message: FromEnvironment) => {
    if (message.type === 'ready') ready.resolve();
    else if (message.type === 'failure' && !current) die(message.failure);
    else current?.receive(message);
  });
  worker.on('error', (error) => die({ errorType: error.name, errorMessage: error.message }));
  worker.on('exit', (code) =>
    die({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: exit status ${code}` }),
  );

  function die(failure: FunctionFailure): Promise<unknown> {
    death ??= failure;
    ready.resolve();
    current?.receive({ type: 'failure', failure: death });
    return worker.terminate();
  }

  return {
    get isAlive() {
      return death === undefined;
    },
    invoke(invocation) {
      const { event, context, timeoutMs, signal } = invocation;
      const receiver = createReceiver(context.awsRequestId, (message) => worker.postMessage(message));
      signal?.addEventListener('abort', receiver.leave);
      const timedOut: FunctionFailure = {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${context.awsRequestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
      };
      let timer = setTimeout(() => void die(timedOut), initMaxMs + timeoutMs);
      void ready.promise.then(() => {
        clearTimeout(timer);
        current = receiver;
        if (death) return receiver.receive({ type: 'failure', failure: death });
        timer = setTimeout(() => void die(timedOut), timeoutMs);
        worker.postMessage({ type: 'invoke', event, context, timeoutMs } satisfies ToEnvironment);
        if (signal?.aborted) receiver.leave();
      });
      const idle = receiver.done.then(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', receiver.leave);
        if (current === receiver) current = undefined;
      });
      return { outcome: receiver.outcome, idle };
    },
    async kill(failure) {
      await die(failure);
    },
  };
}

interface Receiver {
  readonly requestId: string;
  readonly outcome: Promise<Outcome>;
  readonly done: Promise<void>;
  receive(message: FromEnvironment): void;
  /** Nobody reads on. */
  leave(): void;
}

/** Turns the messages of one invocation into its outcome. */
function createReceiver(requestId: string, post: (message: ToEnvironment) => void): Receiver {
  const outcome = Promise.withResolvers<Outcome>();
  const done = Promise.withResolvers<void>();
  const waiting: FromEnvironment[] = [];
  let wake: (() => void) | undefined;
  let hasStarted = false;
  let hasLeft = false;

  function leave(): void {
    if (hasLeft) return;
    hasLeft = true;
    post({ type: 'disconnected', requestId });
    wake?.();
  }

  async function* chunks(): AsyncGenerator<Uint8Array> {
    let hasEnded = false;
    try {
      while (!hasLeft) {
        const message = waiting.shift();
        if (!message) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (message.type === 'chunk') {
          yield message.bytes;
          post({ type: 'taken', requestId });
        } else {
          hasEnded = true;
          if (message.type === 'failure')
            throw new Error(`The function failed: ${message.failure.errorType}`);
          return;
        }
      }
    } finally {
      if (!hasEnded) leave();
    }
  }

  return {
    requestId,
    outcome: outcome.promise,
    done: done.promise,
    leave,
    receive(message) {
      if (message.type === 'chunk' && !hasStarted) {
        hasStarted = true;
        outcome.resolve({ type: 'stream', chunks: chunks() });
      } else if (message.type === 'end' && !hasStarted) {
        // Nothing was written, so nothing was sent: not even a status.
        outcome.resolve({ type: 'result', payload: '' });
      } else if (message.type === 'result' || (message.type === 'failure' && !hasStarted)) {
        outcome.resolve(message);
      }
      waiting.push(message);
      wake?.();
      if (message.type !== 'chunk') done.resolve();
    },
  };
}
