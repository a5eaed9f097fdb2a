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

/** An answer that came whole leaves whole, in one write; a stream part by part. */
function deliverTo(response: ServerResponse): Taking {
  let whole: Buffer | undefined;
  return {
    start: (status, headers) => void response.writeHead(status, headers),
    chunk(chunk, done) {
      if (chunk.length === 0) response.flushHeaders();
      else if (!response.headersSent && !whole) whole = chunk;
      else {
        if (whole) response.write(whole);
        whole = undefined;
        response.write(chunk);
      }
      done();
    },
    end: () => void response.end(whole),
  };
}
