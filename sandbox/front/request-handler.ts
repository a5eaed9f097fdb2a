/** The AWS SDK for JavaScript in process: a `requestHandler` that reaches the front without a socket. */

import { Readable } from 'node:stream';
import { type HttpHandlerOptions, HttpResponse, type IHttpRequest } from '@smithy/protocol-http';
import type { Front, ServiceResponse } from '../types.ts';

/** `new IAMClient({ endpoint: 'http://127.0.0.1', requestHandler: createRequestHandler(front) })` */
export function createRequestHandler(front: Pick<Front, 'handle'>) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(
      request: IHttpRequest,
      { abortSignal }: HttpHandlerOptions = {},
    ): Promise<{ response: HttpResponse }> {
      const gone = new AbortController();
      const abort = () => gone.abort();
      // The SDK's type also admits a signal of its own; every client of today passes the platform's.
      const signal = abortSignal as globalThis.AbortSignal | undefined;
      if (signal?.aborted) throw aborted();
      signal?.addEventListener('abort', abort);
      try {
        const answer = await front.handle({
          method: request.method,
          path: request.path,
          query: queryString(request.query ?? {}),
          headers: lowerCase(request.headers),
          body: await gather(request.body),
          signal: gone.signal,
        });
        if (gone.signal.aborted) throw aborted();
        const { status: statusCode, headers } = answer;
        return {
          response: new HttpResponse({ statusCode, headers: { ...headers }, body: bodyOf(answer) }),
        };
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    destroy: () => {},
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

function bodyOf({ body }: ServiceResponse): Readable {
  return typeof body === 'string' || Buffer.isBuffer(body)
    ? Readable.from([Buffer.from(body)], { objectMode: false })
    : Readable.from(body, { objectMode: false });
}

async function gather(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (typeof body === 'object' && Symbol.asyncIterator in body) {
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array | string>) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
  throw new TypeError('The request body must be text, bytes or a stream of them.');
}

function queryString(query: NonNullable<IHttpRequest['query']>): string {
  return Object.entries(query)
    .flatMap(([name, value]) =>
      value === null || value === undefined
        ? [encode(name)]
        : [value].flat().map((each) => `${encode(name)}=${encode(each)}`),
    )
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function aborted(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}
