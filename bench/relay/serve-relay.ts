/** The relay behind Node's own HTTP server, as API Gateway stands before it. The first argument is the bundle. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveTasks } from '../side.ts';
import { invokeEvent, type RelayRoute } from './event.ts';
import { loadLambda, type Taking } from './lambda.ts';

const invoke = await loadLambda(process.argv[2] as string);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => void serve(request, Buffer.concat(chunks), response));
});
server.keepAliveTimeout = 600_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serveTasks(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => undefined);

async function serve({ url = '' }: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const [, , alias = '', route] = url.split('/');
  await invoke(invokeEvent(alias, body, route as RelayRoute), deliverTo(response));
}

/** Whole, and so with its length. */
function deliverTo(response: ServerResponse): Taking {
  const chunks: Buffer[] = [];
  let writeHead = (_length: number) => {};
  return {
    start(status, headers) {
      writeHead = (length) => void response.writeHead(status, { ...headers, 'content-length': length });
    },
    chunk(chunk, done) {
      chunks.push(chunk);
      done();
    },
    end() {
      const [first, ...more] = chunks;
      const body = first && more.length === 0 ? first : Buffer.concat(chunks);
      writeHead(body.length);
      response.end(body);
    },
  };
}
