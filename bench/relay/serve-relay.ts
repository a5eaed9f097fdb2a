/** The relay behind a plain HTTP server, as API Gateway stands before it. The first argument is the bundle. */

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

/** An answer that came whole leaves whole, with its length; a stream part by part, the first with its headers. */
function deliverTo(response: ServerResponse): Taking {
  let writeHead = () => {};
  let first: Buffer | undefined;
  const begin = () => {
    if (!response.headersSent) writeHead();
    if (first) response.write(first);
    first = undefined;
  };
  return {
    start(status, headers) {
      writeHead = () => void response.writeHead(status, headers);
    },
    chunk(chunk, done) {
      if (first || response.headersSent || chunk.length === 0) {
        begin();
        if (chunk.length > 0) response.write(chunk);
        else response.flushHeaders();
      } else {
        first = chunk;
        // What is whole ends in this very turn.
        process.nextTick(begin);
      }
      done();
    },
    end() {
      if (!response.headersSent) writeHead();
      response.end(first);
      first = undefined;
    },
  };
}
