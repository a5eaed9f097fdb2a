/**
 * The relay behind bare sockets, for streams: in API Gateway's place stands as little as speaks HTTP, because what it
 * costs is not the relay's. It trusts the one client of the bench. The first argument is the bundle.
 */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serveTasks } from '../side.ts';
import { invokeEvent, type RelayRoute } from './event.ts';
import { loadLambda, type Taking } from './lambda.ts';

const invoke = await loadLambda(process.argv[2] as string);
const server = createServer({ noDelay: true }, serve);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serveTasks(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => undefined);

/** One request at a time, each with a `content-length`. */
function serve(socket: Socket): void {
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    received = received.length > 0 ? Buffer.concat([received, bytes]) : bytes;
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (received.length < bodyEnd) return;
    const [, , alias = '', route] = head.slice(0, head.indexOf(' HTTP/')).split('/');
    const event = invokeEvent(alias, received.subarray(bodyStart, bodyEnd), route as RelayRoute);
    received = received.subarray(bodyEnd);
    void invoke(event, deliverTo(socket));
  });
}

/** In chunks (RFC 9112 §7.1), the first in one write with the headers. */
function deliverTo(socket: Socket): Taking {
  let unsent = '';
  return {
    start(status, headers) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      unsent = `HTTP/1.1 ${status} \r\n${lines.join('')}transfer-encoding: chunked\r\n\r\n`;
    },
    chunk(chunk, done) {
      socket.cork();
      socket.write(chunk.length > 0 ? `${unsent}${chunk.length.toString(16)}\r\n` : unsent, 'latin1');
      if (chunk.length > 0) {
        socket.write(chunk);
        socket.write('\r\n', 'latin1');
      }
      socket.uncork();
      unsent = '';
      done();
    },
    end() {
      socket.write(`${unsent}0\r\n\r\n`, 'latin1');
    },
  };
}
