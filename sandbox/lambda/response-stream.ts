import { Writable } from 'node:stream';

/** By this mark Lambda's runtime knows a handler that streams. */
const streamingMark = Symbol.for('aws.lambda.runtime.handler.streaming');

interface LambdaWritable extends Writable {
  setContentType(contentType: string): void;
}

/** What a prelude may hold ("Set up a Lambda proxy integration with payload response streaming in API Gateway"). */
type Prelude = Readonly<Record<string, unknown>>;

const preludes = new WeakMap<Writable, Prelude>();

/** The global that Lambda's runtime offers and that exists nowhere else. */
export function installStreaming(): void {
  Object.assign(globalThis, {
    awslambda: {
      streamifyResponse: (handler: object) => Object.assign(handler, { [streamingMark]: 'response' }),
      HttpResponseStream: {
        from(stream: LambdaWritable, prelude: Prelude) {
          stream.setContentType('application/vnd.awslambda.http-integration-response');
          preludes.set(stream, prelude);
          return stream;
        },
      },
    },
  });
}

export function isStreaming(handler: object): boolean {
  return (handler as Record<symbol, unknown>)[streamingMark] === 'response';
}

/**
 * The stream that a streaming handler writes its response to. The prelude goes out with the FIRST WRITE, as in AWS:
 * a handler that ends without one has sent no status.
 */
export function createResponseStream(send: (bytes: Uint8Array) => void): {
  readonly writable: LambdaWritable;
  /** The receiver took a chunk and may be sent the next. */
  taken(): void;
  disconnected(): void;
} {
  let hasStarted = false;
  let goOn: ((error?: Error) => void) | undefined;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      goOn = done;
      const prelude = hasStarted ? undefined : preludes.get(stream);
      hasStarted = true;
      // JSON, eight NUL bytes, then the body.
      send(prelude ? Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8), chunk]) : chunk);
    },
  });
  function settle(error?: Error): void {
    const done = goOn;
    goOn = undefined;
    done?.(error);
  }
  return {
    writable: Object.assign(stream, { setContentType: () => undefined }),
    taken: () => settle(),
    disconnected() {
      const error = Object.assign(new Error('The client went away.'), { code: 'ECONNRESET' });
      stream.destroy(error);
      settle(error);
      // Whoever writes on meanwhile is told by the write, not by an uncaught event.
      stream.on('error', () => undefined);
    },
  };
}
