/** What Lambda's runtime is to a streaming handler, in this process and with nothing around it that could cost time. */

import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { APIGatewayProxyEvent } from 'aws-lambda';

/** What a handler answered; `take` gets every chunk as it is written. */
export interface Delivered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}

export type InvokeLambda = (event: APIGatewayProxyEvent, take?: Taking) => Promise<Delivered>;

export interface Taking {
  start(status: number, headers: Readonly<Record<string, string>>): void;
  /** Calls `done` when the next chunk may come. The first of a stream is empty: its headers are not to wait for the model. */
  chunk(chunk: Buffer, done: () => void): void;
  end(): void;
}

interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface ResponseStream extends Writable {
  prelude?: Prelude;
}

type StreamingHandler = (event: unknown, out: ResponseStream, context: unknown) => Promise<void>;

const nobody: Taking = { start() {}, chunk: (_chunk, done) => done(), end() {} };

/** @param file a bundle that exports a streaming `handler` */
export async function loadLambda(file: string): Promise<InvokeLambda> {
  Object.assign(globalThis, {
    awslambda: {
      streamifyResponse: (handler: StreamingHandler) => handler,
      HttpResponseStream: {
        from(out: ResponseStream, prelude: Prelude) {
          out.prelude = prelude;
          return out;
        },
      },
    },
  });
  const { handler } = (await import(pathToFileURL(file).href)) as { handler: StreamingHandler };
  const context = {
    awsRequestId: '0d4d1f2c-6b1e-4b8e-9a53-6f7a0f1c2d3e',
    getRemainingTimeInMillis: () => 60_000,
  };
  return async (event, taking = nobody) => {
    let take = taking;
    let bytes = 0;
    let hasStarted = false;
    const out: ResponseStream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        // Status and headers leave with the first write.
        if (!hasStarted && out.prelude) take.start(out.prelude.statusCode, out.prelude.headers);
        hasStarted = true;
        bytes += chunk.length;
        take.chunk(chunk, done);
      },
      final(done) {
        take.end();
        // Node's Writable lives until a collection of old space, and is to take nothing of the caller's along.
        take = nobody;
        done();
      },
    });
    await handler(event, out, context);
    const { statusCode = 0, headers = {} } = out.prelude ?? {};
    return { status: statusCode, headers, bytes };
  };
}
