import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
  type TLSSocket,
} from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../../../bench/relay/certificate.ts';
import {
  createHttp,
  type Departure,
  type HttpFailure,
  type HttpRequest,
  readAll,
} from '../../../lib/relay/http.ts';
import { requestBegins, requestEnds } from '../../../lib/relay/turn.ts';

const servers: Server[] = [];
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => void sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const request = { method: 'POST', path: '/', headers: { host: 'x' }, timeoutMs: 60_000 };
const plain = async (server: Server, change: Partial<HttpRequest> = {}): Promise<HttpRequest> => ({
  ...request,
  origin: `http://127.0.0.1:${await portOf(server)}`,
  ...change,
});
const serving = (listener: RequestListener) => plain(createHttpServer(listener));
/** Answers every request, whole in one piece as it comes, with the same bytes. */
const saying = (bytes: string, change: Partial<HttpRequest> = {}) =>
  plain(
    createServer((socket) => socket.on('data', () => void socket.write(bytes))),
    change,
  );
const limits = { bytesMax: 10_000_000, timeoutMs: 60_000 };
type Http = ReturnType<typeof createHttp>;
const exchange = async (http: Http, request: HttpRequest) => {
  const { status, stream } = await http.open(request);
  return { status, body: String(await readAll(stream, limits)) };
};
const failing = (kind: HttpFailure['kind']) => ({ kind }) satisfies Partial<HttpFailure>;
const http = (now = Date.now) => createHttp({ now });

describe('a connection', () => {
  it('is kept for the next request', async () => {
    const client = http();
    const given = await serving((_request, response) => response.end('ok'));
    for (const _ of [1, 2, 3]) expect(await exchange(client, given)).toEqual({ status: 200, body: 'ok' });
    expect(sockets).toHaveLength(1);
  });

  it('serves one request at a time', async () => {
    const client = http();
    const given = await serving((_request, response) => response.end('ok'));
    await Promise.all(Array.from({ length: 5 }, () => exchange(client, given)));
    expect(sockets).toHaveLength(5);
    await Promise.all(Array.from({ length: 5 }, () => exchange(client, given)));
    expect(sockets).toHaveLength(5);
  });

  it('is closed when 64 others are free already', async () => {
    const client = http();
    const given = await serving((_request, response) => response.end('ok'));
    await Promise.all(Array.from({ length: 65 }, () => exchange(client, given)));
    await expect.poll(() => sockets.filter((socket) => socket.destroyed)).toHaveLength(1);
  });

  it.each([
    ['the server closes it', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['the server speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['more came than was asked for', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n'],
  ])('is not used again where %s', async (_why, bytes) => {
    const client = http();
    const given = await saying(bytes);
    for (const _ of [1, 2]) expect(await exchange(client, given)).toEqual({ status: 200, body: 'ok' });
    expect(sockets).toHaveLength(2);
  });

  it('is not used again when it slept longer than Lambda may have been frozen', async () => {
    let now = 0;
    const client = http(() => now);
    const given = await serving((_request, response) => response.end('ok'));
    await exchange(client, given);
    now += 10_000;
    await exchange(client, given);
    expect(sockets).toHaveLength(1);
    now += 10_001;
    await exchange(client, given);
    expect(sockets).toHaveLength(2);
  });

  it.each([
    ['that the server closed', (socket: Socket) => socket.end()],
    [
      'on which the server spoke without being asked',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'),
    ],
  ])('%s meanwhile is in nobody’s way', async (_what, act) => {
    const client = http();
    const given = await serving((_request, response) => response.end('ok'));
    await exchange(client, given);
    const [first] = sockets as [Socket];
    const closed = once(first, 'close');
    act(first);
    await closed;
    expect(await exchange(client, given)).toEqual({ status: 200, body: 'ok' });
    expect(sockets).toHaveLength(2);
  });

  it('is free for the next request also where the rest of an answer came before anybody took it', async () => {
    const client = http();
    const given = await plain(
      createServer((socket) =>
        socket.on('data', (request) => {
          if (String(request).startsWith('GET'))
            socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast');
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n');
        }),
      ),
    );
    const { stream } = await client.open(given);
    const [socket] = sockets as [Socket];
    await new Promise((resolve) => socket.write('rest', resolve));
    // It is in the other socket by now; each turn of the loop reads what is there.
    await turn();
    await turn();
    expect(await exchange(client, { ...given, method: 'GET', timeoutMs: 2_000 })).toEqual({
      status: 200,
      body: 'last',
    });
    expect(sockets).toHaveLength(1);
    expect(String(await readAll(stream, limits))).toBe('rest');
  });

  it('on which an answer came before the request was out is not used again', async () => {
    const given = await plain(
      createServer((socket) => {
        // Nobody reads the request's body, so it cannot all leave.
        socket.pause();
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
      }),
      { body: Buffer.alloc(50_000_000) },
    );
    const client = http();
    expect(await exchange(client, given)).toEqual({ status: 413, body: 'no' });
    expect(await exchange(client, given)).toEqual({ status: 413, body: 'no' });
    expect(sockets).toHaveLength(2);
  });
});

describe('a request', () => {
  /** How often something had been written to a socket when the turn in which both requests were made was not over yet. */
  async function writtenInTheSameTurn(underWay: number): Promise<number> {
    const client = http();
    const given = await serving((_request, response) => response.end('ok'));
    // Two connections, for later.
    await Promise.all([exchange(client, given), exchange(client, given)]);
    const uncork = vi.spyOn(Socket.prototype, 'uncork');
    for (let request = 0; request < underWay; request++) requestBegins();
    try {
      const answers = [exchange(client, given), exchange(client, given)];
      for (let steps = 0; steps < 50; steps++) await undefined;
      const writes = uncork.mock.calls.length;
      expect(await Promise.all(answers)).toEqual(Array(2).fill({ status: 200, body: 'ok' }));
      return writes;
    } finally {
      for (let request = 0; request < underWay; request++) requestEnds();
      uncork.mockRestore();
    }
  }

  it('leaves at once where the environment serves no other', async () => {
    expect(await writtenInTheSameTurn(1)).toBe(2);
  });

  it('leaves together with the others of its turn where many are under way', async () => {
    expect(await writtenInTheSameTurn(2)).toBe(0);
  });

  it.each([0, 1, 65_536, 65_537, 1_000_000])(
    'with a body of %d bytes arrives as it was given',
    async (size) => {
      let received: unknown;
      const given = await serving((incoming, response) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const { method, url, rawHeaders } = incoming;
          received = { method, url, rawHeaders, body: Buffer.concat(chunks) };
          response.end();
        });
      });
      const body = Buffer.alloc(size, 'body');
      const headers = { host: 'x', 'x-tab': 'a\tb', 'x-latin': 'caf\xe9' };
      await exchange(http(), { ...given, method: 'PUT', path: '/a/%20b?c=d', headers, body });
      const rawHeaders = ['content-length', String(size), ...Object.entries(headers).flat()];
      expect(received).toEqual({ method: 'PUT', url: '/a/%20b?c=d', rawHeaders, body });
    },
  );

  it('with a text has the length of its bytes', async () => {
    const given = await serving((incoming, response) => void incoming.pipe(response));
    expect(await exchange(http(), { ...given, body: 'größer' })).toEqual({ status: 200, body: 'größer' });
  });

  it.each([
    ['a header', { headers: { host: 'x', 'x-evil': 'a\r\nx-other: b' } }],
    ['a header beyond Latin-1', { headers: { host: '☃' } }],
    ['a path', { path: '/ HTTP/1.1\r\nx-other: b\r\n\r\n' }],
    ['a path that is not encoded', { path: '/é' }],
  ])('whose lines %s would break is not sent', async (_what, change) => {
    const given = await serving((_request, response) => response.end());
    await expect(http().open({ ...given, ...change })).rejects.toThrow(TypeError);
    expect(sockets).toHaveLength(0);
  });

  it('fails as unreachable where nobody listens, and as broken where the server hangs up', async () => {
    const client = http();
    const server = createServer((socket) => socket.on('data', () => socket.destroy()));
    const given = await plain(server);
    await expect(client.open(given)).rejects.toMatchObject(failing('broken'));
    await new Promise((resolve) => server.close(resolve));
    servers.length = 0;
    await expect(client.open(given)).rejects.toMatchObject(failing('unreachable'));
    await expect(client.open({ ...given, origin: 'http://nobody.invalid' })).rejects.toMatchObject(
      failing('unreachable'),
    );
  });

  it('fails as broken when what comes is not HTTP, and the connection is cut', async () => {
    const given = await saying('SSH-2.0-OpenSSH\r\n\r\n');
    await expect(http().open(given)).rejects.toMatchObject(failing('broken'));
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  it('fails as timeout when the server is silent, and as gone when the caller leaves; the server hears of both', async () => {
    const given = await serving(() => undefined);
    await expect(http().open({ ...given, timeoutMs: 20 })).rejects.toMatchObject(failing('timeout'));
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
    const departure: Departure = { isGone: false, onGone: undefined };
    const opened = http().open({ ...given, departure });
    await expect.poll(() => sockets.length).toBe(2);
    departure.onGone?.();
    await expect(opened).rejects.toMatchObject(failing('gone'));
    await expect.poll(() => sockets[1]?.destroyed).toBe(true);
    await expect(
      http().open({ ...given, departure: { isGone: true, onGone: undefined } }),
    ).rejects.toMatchObject(failing('gone'));
    expect(sockets).toHaveLength(2);
  });

  it('waits for a connection only so long, and then knows that nothing was sent', async () => {
    // TCP connects, and then nobody shakes hands.
    const port = await portOf(createServer());
    const client = createHttp({ now: Date.now, connectMs: 20 });
    const failed = client.open({ ...request, origin: `https://127.0.0.1:${port}` });
    await expect(failed).rejects.toMatchObject(failing('unreachable'));
  });

  it('gives an answer all its time once it is connected', async () => {
    const connectMs = 5;
    const given = await serving((_request, response) => {
      setTimeout(() => response.end('late'), 10 * connectMs);
    });
    expect(await exchange(createHttp({ now: Date.now, connectMs }), given)).toEqual({
      status: 200,
      body: 'late',
    });
  });
});

describe('an answer', () => {
  it('holds its bytes back while nobody takes them, and loses none', async () => {
    const bytes = 30_000_000;
    let left = bytes;
    const given = await serving((_request, response) => {
      const more = () => {
        while (left > 0) {
          left -= 100_000;
          if (!response.write(Buffer.alloc(100_000))) return response.once('drain', more);
        }
        return response.end();
      };
      more();
    });
    const { stream } = await http().open(given);
    let before = 0;
    await expect
      .poll(() => {
        const isStill = left === before;
        before = left;
        return isStill;
      })
      .toBe(true);
    expect(left).toBeGreaterThan(0);
    const body = await readAll(stream, { bytesMax: bytes, timeoutMs: 60_000 });
    expect(body.length).toBe(bytes);
  });

  it('stops while it is paused', async () => {
    const given = await serving((_request, response) => void response.write(Buffer.alloc(20_000_000)));
    const { stream } = await http().open(given);
    let received = 0;
    let hear: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      hear = resolve;
    });
    stream.receive({
      data(bytes) {
        received += bytes.length;
        stream.pause();
        hear();
      },
      end() {},
      broken() {},
    });
    await heard;
    const sofar = received;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toBe(sofar);
    stream.resume();
    await expect.poll(() => received).toBeGreaterThan(sofar);
    stream.cut();
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  it('is heard of no more once it is cut, not even of bytes that are there', async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const given = await saying(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk('one')}${chunk('two')}0\r\n\r\n`,
    );
    const { stream } = await http().open(given);
    const heard: string[] = [];
    stream.receive({
      data(bytes) {
        heard.push(String(bytes));
        stream.cut();
      },
      end: () => heard.push('end'),
      broken: () => heard.push('broken'),
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['one']);
  });

  it.each([
    ['too large', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n12345678901', 'too-large'],
    ['slow', 'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n1234567890', 'timeout'],
    [
      'malformed on the way',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\nrubbish\r\n',
      'broken',
    ],
  ] as const)('that is %s fails, and its connection is cut', async (_what, bytes, kind) => {
    const { stream } = await http().open(await saying(bytes));
    await expect(readAll(stream, { bytesMax: 10, timeoutMs: 30 })).rejects.toMatchObject(failing(kind));
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  it('that breaks off is broken, be it with an orderly end or without one', async () => {
    for (const end of ['end', 'destroy'] as const) {
      const given = await plain(
        createServer((socket) =>
          socket.on('data', () => {
            socket.write('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhalf');
            setImmediate(() => socket[end]());
          }),
        ),
      );
      const { stream } = await http().open(given);
      await expect(readAll(stream, limits)).rejects.toMatchObject(failing('broken'));
    }
  });

  it('of a server that ends it by hanging up is whole', async () => {
    const given = await plain(
      createServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))),
    );
    expect(await exchange(http(), given)).toEqual({ status: 200, body: 'all of it' });
  });
});

const files = makeCertificate('DNS:localhost');
const certificate = files && {
  key: readFileSync(files.keyFile, 'utf8'),
  cert: readFileSync(files.certificateFile, 'utf8'),
};
files?.remove();
describe.skipIf(!certificate)('over TLS', () => {
  const secure = async () => {
    const seen: { name: unknown; isResumed: boolean }[] = [];
    const server = createTlsServer({ ...certificate }, (socket: TLSSocket) => {
      sockets.push(socket.on('error', () => undefined));
      seen.push({ name: socket.servername, isResumed: socket.isSessionReused() });
      socket.on('data', () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });
    server.on('tlsClientError', () => undefined);
    const port = await portOf(server);
    return { seen, given: { ...request, origin: `https://localhost:${port}` } };
  };

  it('sends nothing to a server whose certificate nobody vouches for, and knows it', async () => {
    const { seen, given } = await secure();
    await expect(http().open(given)).rejects.toMatchObject(failing('unreachable'));
    expect(seen).toEqual([]);
  });

  it('names the server, and shakes hands for less the second time', async () => {
    const usual = getCACertificates('default');
    setDefaultCACertificates([...usual, certificate?.cert ?? '']);
    try {
      const { seen, given } = await secure();
      let now = 0;
      const client = http(() => now);
      for (const _ of [1, 2]) {
        expect(await exchange(client, given)).toEqual({ status: 200, body: 'ok' });
        now += 60_000;
      }
      expect(seen).toEqual([
        { name: 'localhost', isResumed: false },
        { name: 'localhost', isResumed: true },
      ]);
    } finally {
      setDefaultCACertificates(usual);
    }
  });
});
