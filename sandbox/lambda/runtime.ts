/**
 * The inside of an execution environment: Lambda's Node.js runtime, in a worker thread. Loads the bundle once, then
 * handles one event at a time ("Building Lambda functions with Node.js", "Response streaming for Lambda functions").
 */

import type { Writable } from 'node:stream';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { EnvironmentData, FromEnvironment, FunctionFailure, ToEnvironment } from './protocol.ts';
import { createResponseStream, installStreaming, isStreaming } from './response-stream.ts';
import { shiftDate } from './shift-date.ts';

type Handler = (...args: unknown[]) => unknown;
type Invocation = Extract<ToEnvironment, { type: 'invoke' }>;

const port = parentPort as MessagePort;
const { bundleUrl, handlerName, clockOffset } = workerData as EnvironmentData;
let current:
  | { readonly requestId: string; readonly stream: ReturnType<typeof createResponseStream> }
  | undefined;

delete process.env['NODE_COMPILE_CACHE'];
shiftDate(clockOffset);
installStreaming();
try {
  const handler = await loadHandler();
  port.on('message', (message: ToEnvironment) => {
    if (message.type === 'invoke') void invoke(handler, message);
    else if (current?.requestId !== message.requestId) return;
    else if (message.type === 'taken') current.stream.taken();
    else current.stream.disconnected();
  });
  send({ type: 'ready' });
} catch (error) {
  send({ type: 'failure', failure: describe(error) });
}

async function loadHandler(): Promise<Handler> {
  const bundle = (await import(bundleUrl)) as Record<string, unknown>;
  const handler = bundle[handlerName];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  // Since Node.js 24 Lambda knows no callbacks, and tells them by the third parameter.
  if (handler.length >= 3 && !isStreaming(handler)) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'Callback-based handlers are not supported since Node.js 24.',
    );
  }
  return handler as Handler;
}

async function invoke(handler: Handler, { event, context, timeoutMs }: Invocation): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  const lambdaContext = {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())),
  };
  try {
    if (isStreaming(handler)) await invokeStreaming(handler, event, lambdaContext);
    else send({ type: 'result', payload: JSON.stringify((await handler(event, lambdaContext)) ?? null) });
  } catch (error) {
    // What the handler left running must not write into the next response.
    current?.stream.disconnected();
    send({ type: 'failure', failure: describe(error) });
  } finally {
    current = undefined;
  }
}

async function invokeStreaming(
  handler: Handler,
  event: unknown,
  context: Invocation['context'],
): Promise<void> {
  const stream = createResponseStream((bytes) => send({ type: 'chunk', bytes }));
  current = { requestId: context.awsRequestId, stream };
  // The runtime waits for both: the handler's promise and the end of its stream.
  await Promise.all([finished(stream.writable), handler(event, stream.writable, context)]);
  send({ type: 'end' });
}

function finished(writable: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    writable.once('finish', resolve);
    writable.once('error', reject);
    writable.once('close', resolve);
  });
}

function describe(thrown: unknown): FunctionFailure {
  if (!(thrown instanceof Error))
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return {
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: (thrown.stack ?? '').split('\n'),
  };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function send(message: FromEnvironment): void {
  port.postMessage(message);
}
