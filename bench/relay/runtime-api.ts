/** Lambda's runtime API ("Using the Lambda runtime API for custom runtimes"), as far as one execution environment asks it. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RuntimeApi {
  /** `127.0.0.1:12345`, for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Waits for an environment to ask for it. Throws Error when the function failed. */
  invoke(event: string): Promise<RuntimeAnswer>;
  close(): Promise<void>;
}

export interface RuntimeAnswer {
  /** From the prelude of a streamed answer. */
  readonly status: number;
  readonly bytes: number;
}

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly settle: (answer: RuntimeAnswer | Error) => void;
}

const functionArn = 'arn:aws:lambda:us-east-1:222222222222:function:sharemaker-bench';
const timeoutMs = 60_000;

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  let give: (() => void) | undefined;

  const giveNext = (response: ServerResponse) => {
    const invocation = waiting.shift();
    if (!invocation) {
      give = () => giveNext(response);
      return;
    }
    give = undefined;
    running.set(invocation.id, invocation);
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': 'Root=1-6742b1c0-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0',
    });
    response.end(invocation.event);
  };

  const server = createServer(async (request, response) => {
    const [, , , invocationId = '', verb] =
      /^\/([^/]+)\/runtime\/(invocation|init)\/([^/]+)(?:\/(\w+))?/.exec(request.url ?? '') ?? [
        undefined,
        '',
        '',
        '',
        '',
      ];
    if (request.method === 'GET') {
      giveNext(response);
      return;
    }
    const body = await readBody(request);
    response.writeHead(202).end('{"status":"OK"}');
    const invocation = running.get(invocationId) ?? waiting[0];
    running.delete(invocationId);
    invocation?.settle(verb === 'response' ? answerIn(body) : new Error(`The function failed: ${body}`));
  });
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        const settle = (answer: RuntimeAnswer | Error) =>
          answer instanceof Error ? reject(answer) : resolve(answer);
        waiting.push({ id: randomUUID(), event, settle });
        give?.();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Prelude, eight NUL bytes, body ("Lambda proxy integration with payload response streaming"). */
function answerIn(body: Buffer): RuntimeAnswer {
  const end = body.indexOf(Buffer.alloc(8));
  const { statusCode = 200 } = JSON.parse(body.toString('utf8', 0, end)) as { statusCode?: number };
  return { status: statusCode, bytes: body.length - end - 8 };
}
