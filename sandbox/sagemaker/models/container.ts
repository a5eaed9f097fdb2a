/** Any container that speaks SageMaker's contract: `POST /invocations`, `GET /ping` (SageMaker Developer Guide, "Custom Inference Code with Hosting Services"). */

import { Agent, type IncomingMessage, request as send } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { failure, type Model, type ModelRequest, StreamBreak } from './model.ts';

/** @throws Error when the URL is not one of plain HTTP. */
export function attachContainer(url: string): Model {
  const base = new URL(url);
  if (base.protocol !== 'http:') throw new Error('A container is attached by an http:// URL.');
  const agent = new Agent({ keepAlive: true });
  return {
    async ping() {
      try {
        const response = await call(base, agent, {
          method: 'GET',
          path: '/ping',
          signal: AbortSignal.timeout(2000),
        });
        response.resume();
        return response.statusCode === 200;
      } catch {
        return false;
      }
    },
    async invoke(request) {
      const options = {
        method: 'POST',
        path: '/invocations',
        headers: headersOf(request),
        signal: request.signal,
      };
      const response = await call(base, agent, options, request.body).catch((error: Error) => error);
      if (response instanceof Error) {
        if (request.signal.aborted) throw request.signal.reason;
        return failure(0, 'Failed to establish connection with the container.');
      }
      const status = response.statusCode ?? 0;
      if (status >= 400) return failure(status, await textOf(response));
      const attributes = response.headers['x-amzn-sagemaker-custom-attributes'];
      return {
        kind: 'reply',
        contentType: response.headers['content-type'] ?? 'application/octet-stream',
        body: chunksOf(response),
        ...(attributes !== undefined && { customAttributes: String(attributes) }),
        ...(response.headers['x-amzn-sagemaker-closed-session-id'] !== undefined && { closesSession: true }),
      };
    },
    close: () => agent.destroy(),
  };
}

interface CallOptions {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string | number>;
  readonly signal: AbortSignal;
}

function call(base: URL, agent: Agent, options: CallOptions, body?: Buffer): Promise<IncomingMessage> {
  const { hostname, port, pathname } = base;
  const path = pathname.replace(/\/$/, '') + options.path;
  return new Promise((resolve, reject) => {
    // WHATWG puts an IPv6 address in brackets, sockets take it without.
    const host = hostname.replace(/^\[|\]$/g, '');
    send({ ...options, host, port: port || 80, path, agent }, resolve)
      .on('error', reject)
      .end(body);
  });
}

/** The headers of SageMaker's API, under the names that containers know. */
function headersOf(request: ModelRequest): Record<string, string | number> {
  const named = {
    'Content-Type': request.contentType,
    Accept: request.accept,
    'X-Amzn-SageMaker-Custom-Attributes': request.customAttributes,
    'X-Amzn-SageMaker-Target-Model': request.targetModel,
    'X-Amzn-SageMaker-Target-Container-Hostname': request.targetContainerHostname,
    'X-Amzn-SageMaker-Inference-Component': request.inferenceComponent,
    'X-Amzn-SageMaker-Inference-Id': request.inferenceId,
    'X-Amzn-SageMaker-Session-Id': request.sessionId,
    'Content-Length': request.body.length,
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function* chunksOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response;
  } catch {
    throw new StreamBreak(
      { type: 'ModelStreamError', errorCode: 'StreamBroken' },
      'The container closed the connection before its response was complete.',
    );
  }
}

/** Error texts are shown to the caller: the first 8 KB will do. */
async function textOf(response: IncomingMessage): Promise<string> {
  const bytes = await buffer(response).catch(() => Buffer.alloc(0));
  return bytes.subarray(0, 8192).toString('utf8');
}
