import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Front, ServiceResponse, UnsignedRequest } from '../types.ts';
import { NetworkFault } from './network-fault.ts';

/** S3 objects of the sandbox are the largest that come in. */
export const bodyMaxBytes = 30 * 1024 * 1024;

/** Serves `handle` on 127.0.0.1 and nowhere else. Port 0 takes a free one. */
export async function listen(handle: Front['handle'], port: number): ReturnType<Front['listen']> {
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    serve(handle, request, response).catch((error: unknown) => {
      response.destroy();
      if (!(error instanceof ClientGone || error instanceof NetworkFault))
        process.emitWarning(error as Error);
    });
  });
  // Longer than any client keeps an idle connection, so that none meets one that is just being closed.
  server.keepAliveTimeout = 75_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function serve(
  handle: Front['handle'],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const request = requestOf(incoming, await readBody(incoming));
  let response: ServiceResponse;
  try {
    response = await handle({ ...request, signal: gone.signal });
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    // Silence lasts until the client gives up.
    if (error.kind === 'silence' && !gone.signal.aborted) await once(gone.signal, 'abort');
    outgoing.destroy();
    return;
  }
  await write(outgoing, response, incoming.method === 'HEAD');
  if (!incoming.complete) discardRest(incoming);
}

/** A client that still sends would lose the answer if the connection were closed under it; one that never ends is cut off. */
function discardRest(incoming: IncomingMessage): void {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > 2 * bodyMaxBytes) incoming.destroy();
  });
  incoming.on('error', () => {});
}

/** One byte more than is allowed is enough to be refused. */
async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > bodyMaxBytes) break;
    }
  } catch {
    throw new ClientGone();
  }
  return Buffer.concat(chunks, bytes);
}

function requestOf(incoming: IncomingMessage, body: Buffer): UnsignedRequest & { sourceIp: string } {
  const target = incoming.url ?? '/';
  const at = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? '' : target.slice(at + 1),
    headers: joinHeaders(incoming.rawHeaders),
    body,
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
  };
}

/** As signatures want them: Node itself drops some repeated headers and joins others with a space. */
function joinHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const value = raw[at + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}

async function write(outgoing: ServerResponse, response: ServiceResponse, isHead: boolean): Promise<void> {
  const { status, headers, body } = response;
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    const length = isHead ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    outgoing.writeHead(status, { ...length, ...headers });
    outgoing.end(isHead ? undefined : body);
    return;
  }
  outgoing.writeHead(status, headers);
  // The client of a stream waits for its head before the first chunk is there.
  outgoing.flushHeaders();
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.once('drain', done);
    outgoing.once('close', done);
    if (outgoing.destroyed) done();
  });
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** The connection ended before the request was whole: nobody is left to answer. */
class ClientGone extends Error {}
