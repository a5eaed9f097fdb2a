/** The relay behind a plain HTTP server, as API Gateway stands before it. The first argument is the bundle. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveTasks } from '../side.ts';
import { invokeEvent, type RelayRoute } from './event.ts';
import { loadLambda } from './lambda.ts';

const invoke = await loadLambda(process.argv[2] as string);
const server = createServer((request, response) => void serve(request, response));
server.keepAliveTimeout = 600_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serveTasks(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => undefined);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [, , alias = '', route] = (request.url ?? '').split('/');
  await invoke(invokeEvent(alias, Buffer.concat(chunks), route as RelayRoute), {
    start(status, headers) {
      response.writeHead(status, headers);
      response.flushHeaders();
    },
    chunk: (chunk, done) => void response.write(chunk, () => done()),
  });
  response.end();
}
