import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createHttp, type HttpFailure, readAll } from '../../../lib/relay/http.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => void sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const request = { method: 'POST', path: '/', headers: { host: 'x' }, timeoutMs: 60_000 };

it('waits for a connection only so long, and then knows that nothing was sent', async () => {
  // TCP connects, and then nobody shakes hands.
  const port = await portOf(createServer());
  const http = createHttp({ now: Date.now, connectMs: 20 });
  const failed = http.open({ ...request, origin: `https://127.0.0.1:${port}` });
  await expect(failed).rejects.toMatchObject({ kind: 'unreachable' } satisfies Partial<HttpFailure>);
});

it('gives an answer all its time once it is connected', async () => {
  const connectMs = 5;
  const server = createHttpServer((_request, response) => {
    setTimeout(() => response.end('late'), 10 * connectMs);
  });
  const port = await portOf(server);
  const http = createHttp({ now: Date.now, connectMs });
  const { stream } = await http.open({ ...request, origin: `http://127.0.0.1:${port}` });
  expect(String(await readAll(stream, { bytesMax: 100, timeoutMs: 60_000 }))).toBe('late');
});
