import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ControlError } from '../../../sandbox/control-error.ts';
import type { ControlRoutes, Front, ServiceRequest } from '../../../sandbox/types.ts';
import { aFront, aService, echo, keys, send, signed } from './a-front.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(front: Front): Promise<number> {
  const { port, close } = await front.listen(0);
  closing.push(close);
  return port;
}

const hosted = { host: '127.0.0.1:4599' };

function control(
  front: Front,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = hosted,
) {
  const [plain = '', query = ''] = path.split('?');
  return front.handle({
    method,
    path: `/_sandbox${plain}`,
    query,
    headers,
    body:
      body === undefined
        ? Buffer.alloc(0)
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });
}

describe('a request over a socket', () => {
  it('arrives as it was sent, joined headers and encoded path included, and is answered with its length', async () => {
    let seen: ServiceRequest | undefined;
    const front = aFront([
      aService('iam', async (request) => {
        seen = request;
        return echo(request);
      }),
    ]);
    const response = await send(await listening(front), {
      operation: "a%20b/it's",
      body: 'grüße',
      headers: { 'x-multi': 'a,b' },
    });
    expect(await response.text()).toBe('grüße');
    expect(response.headers.get('content-length')).toBe('7');
    expect(seen).toMatchObject({ path: "/iam/a%20b/it's", region: 'us-east-1', sourceIp: '127.0.0.1' });
    expect(seen?.headers['x-multi']).toBe('a,b');
    expect(seen?.caller.accountId).toBe('111111111111');
  });

  it('may come from elsewhere, if a test says so in a valid address', async () => {
    const seen: string[] = [];
    const front = aFront([
      aService('iam', async (request) => {
        seen.push(request.sourceIp);
        return echo(request);
      }),
    ]);
    for (const ip of ['10.0.0.1', '2001:db8::1', 'nonsense'])
      await front.handle(await signed({ headers: { 'x-sandbox-source-ip': ip } }));
    expect(seen).toEqual(['10.0.0.1', '2001:db8::1', '127.0.0.1']);
  });

  it('is refused when its body is over 30 MB, before it was read to its end', async () => {
    const front = aFront([aService('iam')]);
    const port = await listening(front);
    const { headers } = await signed({ host: `127.0.0.1:${port}` });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = httpRequest(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/iam/Do',
          headers: { ...headers, 'transfer-encoding': 'chunked' },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
          outgoing.destroy();
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
      });
      const chunk = Buffer.alloc(1024 * 1024);
      let left = 40;
      const more = () => {
        while (left-- > 0) if (!outgoing.write(chunk)) return void outgoing.once('drain', more);
        outgoing.end();
      };
      more();
    });
    expect(status).toBe(413);
    expect(front.calls[0]?.errorCode).toBe('RequestEntityTooLarge');
  });

  it('that is HEAD is answered without a body', async () => {
    const front = aFront([
      aService('s3', async () => ({ status: 200, headers: { 'content-length': '12' }, body: '' })),
    ]);
    const port = await listening(front);
    const response = await send(port, { scope: 's3', method: 'HEAD', body: '' });
    expect(response.headers.get('content-length')).toBe('12');
  });
});

describe('a streamed answer', () => {
  it('reaches the client piece by piece, and no faster than it reads', async () => {
    let produced = 0;
    const next = Promise.withResolvers<void>();
    const front = aFront([
      aService('iam', async () => ({
        status: 200,
        headers: {},
        body: (async function* () {
          yield Buffer.from('first');
          await next.promise;
          for (; produced < 400; produced++) yield Buffer.alloc(256 * 1024);
        })(),
      })),
    ]);
    const response = await send(await listening(front));
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
    next.resolve();
    await expect.poll(() => produced).toBeGreaterThan(0);
    // 100 MB would be produced at once if nobody waited for the reader.
    expect(produced).toBeLessThan(400);
    await reader?.cancel();
  });

  it('ends, and its signal aborts, when the client goes away', async () => {
    let isEnded = false;
    let signal: AbortSignal | undefined;
    const front = aFront([
      aService('iam', async (request) => {
        signal = request.signal;
        return {
          status: 200,
          headers: {},
          body: (async function* () {
            try {
              for (;;) {
                yield Buffer.alloc(64 * 1024);
                await new Promise((resolve) => setImmediate(resolve));
              }
            } finally {
              isEnded = true;
            }
          })(),
        };
      }),
    ]);
    const leaving = new AbortController();
    const response = await send(await listening(front), {}, leaving.signal);
    await response.body?.getReader().read();
    expect(signal?.aborted).toBe(false);
    leaving.abort();
    await expect.poll(() => signal?.aborted).toBe(true);
    await expect.poll(() => isEnded).toBe(true);
  });

  it('that breaks cuts the connection, so that nobody takes it for whole', async () => {
    const front = aFront([
      aService('iam', async () => ({
        status: 200,
        headers: {},
        body: (async function* () {
          yield Buffer.from('half');
          throw new Error('The model is gone.');
        })(),
      })),
    ]);
    const port = await listening(front);
    const warned = new Promise((resolve) => process.once('warning', resolve));
    await expect(send(port).then((response) => response.text())).rejects.toThrow();
    expect(await warned).toMatchObject({ message: 'The model is gone.' });
  });
});

describe('the log of calls', () => {
  it('has who called what on which resource, allowed or denied, and nothing secret', async () => {
    const front = aFront(
      [
        aService('iam', async (request) => {
          const allowed = request.path.endsWith('Good');
          request.decisions.push({ action: 'iam:Do', resource: 'arn:aws:iam::1:role/a', allowed });
          return allowed
            ? echo(request)
            : { status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException:x' }, body: '' };
        }),
      ],
      { functionOf: (id) => (id === keys.accessKeyId ? 'create-grant' : undefined) },
    );
    await front.handle(await signed({ operation: 'Good', body: 'ExternalId=very-secret' }));
    await front.handle(await signed({ operation: 'Bad' }));
    expect(front.calls).toMatchObject([
      {
        service: 'iam',
        operation: 'Good',
        accountId: '111111111111',
        principalArn: 'arn:aws:iam::111111111111:user/a',
        functionName: 'create-grant',
        resources: ['arn:aws:iam::1:role/a'],
        decision: 'allowed',
        status: 200,
      },
      { operation: 'Bad', decision: 'denied', status: 403, errorCode: 'AccessDeniedException' },
    ]);
    expect(JSON.stringify(front.calls)).not.toMatch(/secret|AKIA/);
  });

  it('is read with filters, and emptied', async () => {
    let now = Date.parse('2027-01-01T00:00:00Z');
    const front = aFront([aService('iam'), aService('sts')], { clock: { now: () => now } });
    for (const [scope, operation] of [
      ['iam', 'A'],
      ['sts', 'A'],
      ['iam', 'B'],
    ] as const) {
      await front.handle(await signed({ scope, operation }));
      now += 1000;
    }
    const calls = async (query: string) =>
      (
        JSON.parse(String((await control(front, 'GET', `/calls${query}`)).body)) as {
          calls: { service: string; operation: string }[];
        }
      ).calls.map(({ service, operation }) => `${service}:${operation}`);
    expect(await calls('')).toEqual(['iam:A', 'sts:A', 'iam:B']);
    expect(await calls('?service=iam')).toEqual(['iam:A', 'iam:B']);
    expect(await calls('?service=iam&operation=B')).toEqual(['iam:B']);
    expect(await calls('?since=2027-01-01T00:00:01Z')).toEqual(['sts:A', 'iam:B']);
    expect((await control(front, 'GET', '/calls?since=yesterday')).status).toBe(400);
    await control(front, 'DELETE', '/calls');
    expect(await calls('')).toEqual([]);
    expect(front.calls).toEqual([]);
  });

  it('is bounded', async () => {
    const { createCallLog } = await import('../../../sandbox/front/call-log.ts');
    const log = createCallLog(100);
    for (let n = 0; n < 1000; n++) log.push({ id: String(n) } as never);
    expect(log.records.length).toBeLessThanOrEqual(110);
    expect(log.records.at(-1)?.id).toBe('999');
  });

  it('shows a bug of a service as an internal failure, and on stderr', async () => {
    const front = aFront([
      aService('sts', async () => {
        throw new Error('a bug');
      }),
    ]);
    const warned = new Promise((resolve) => process.once('warning', resolve));
    expect((await front.handle(await signed({ scope: 'sts' }))).status).toBe(500);
    expect(await warned).toMatchObject({ message: 'a bug' });
    expect(front.calls[0]).toMatchObject({ status: 500, errorCode: 'InternalFailure' });
  });
});

describe('the control API', () => {
  const routes: ControlRoutes = {
    'POST /clock': ({ body }) => ({ got: body }),
    'GET /things/{name}': ({ params }) => params,
    'GET /things/all': () => ({ all: true }),
    'POST /fail': () => {
      throw new ControlError('That is wrong.');
    },
    'POST /nothing': () => undefined,
  };
  const front = aFront([aService('iam')], { control: routes });
  const answer = async (...call: [string, string, unknown?, Record<string, string>?]) => {
    const { status, body } = await control(front, ...call);
    return [status, JSON.parse(String(body))];
  };

  it('routes by method and path, a literal part before a parameter', async () => {
    expect(await answer('POST', '/clock', { advanceSeconds: 5 })).toEqual([
      200,
      { got: { advanceSeconds: 5 } },
    ]);
    expect(await answer('GET', '/things/a%2Fb')).toEqual([200, { name: 'a/b' }]);
    expect(await answer('GET', '/things/all')).toEqual([200, { all: true }]);
    expect(await answer('POST', '/nothing')).toEqual([200, {}]);
    expect(await answer('POST', '/fail')).toEqual([400, { error: 'That is wrong.' }]);
    expect(await answer('GET', '/clock')).toEqual([405, { error: 'Allowed here: POST.' }]);
    expect((await answer('GET', '/ghost'))[0]).toBe(404);
    expect((await answer('GET', '/'))[1]).toEqual({
      routes: expect.arrayContaining([
        'POST /_sandbox/clock',
        'GET /_sandbox/calls',
        'POST /_sandbox/faults',
      ]),
    });
  });

  it('refuses what is not JSON, not an object, or not well encoded', async () => {
    expect(await answer('POST', '/clock', '{')).toEqual([400, { error: 'The body is not JSON.' }]);
    expect(await answer('POST', '/clock', '[]')).toEqual([400, { error: 'The body must be a JSON object.' }]);
    expect(await answer('GET', '/things/%zz')).toEqual([400, { error: 'The path is not well encoded.' }]);
  });

  it('takes faults, and says what is wrong with one', async () => {
    const good = { service: 'iam', operation: 'Do', nth: 1, fault: 'error' };
    expect(await answer('POST', '/faults', good)).toEqual([200, {}]);
    expect((await front.handle(await signed())).status).toBe(500);
    for (const [changes, error] of [
      [{ service: 5 }, '"service" must be one of iam, or "*".'],
      [{ service: 'ian' }, '"service" must be one of iam, or "*".'],
      [{ operation: '' }, '"operation" must be a name such as "CreateRole", or "*".'],
      [{ nth: 0 }, '"nth" must be an integer from 1 to 1000000.'],
      [{ fault: 'fire' }, '"fault" must be one of throttle, error, timeout, lost-reply, crash.'],
    ] as const)
      expect(await answer('POST', '/faults', { ...good, ...changes })).toEqual([400, { error }]);
    await answer('POST', '/faults', good);
    expect(await answer('DELETE', '/faults')).toEqual([200, {}]);
    expect((await front.handle(await signed())).status).toBe(200);
  });

  it('does not answer web pages: neither under a name bound to this machine, nor across origins', async () => {
    for (const headers of [
      { host: 'evil.example.com' },
      { host: '127.0.0.1.evil.example.com' },
      {},
      { host: '127.0.0.1:4599', origin: 'https://evil.example.com' },
      { host: 'localhost:4599', origin: 'null' },
      // Another page of this machine is another origin all the same.
      { host: '127.0.0.1:4599', origin: 'http://127.0.0.1:3000' },
      { host: '127.0.0.1:4599', origin: 'http://localhost:4599' },
      { host: '127.0.0.1:4599', origin: 'https://127.0.0.1:4599' },
      { host: '127.0.0.1:4599', 'sec-fetch-site': 'cross-site' },
      { host: '127.0.0.1:4599', 'sec-fetch-site': 'same-site' },
    ])
      expect((await control(front, 'GET', '/', undefined, headers as Record<string, string>)).status).toBe(
        403,
      );
    for (const headers of [
      { host: 'localhost:1' },
      { host: '[::1]:1' },
      { host: '127.0.0.1:4599', origin: 'http://127.0.0.1:4599', 'sec-fetch-site': 'same-origin' },
      // Typed into the address bar.
      { host: '127.0.0.1:4599', 'sec-fetch-site': 'none' },
    ])
      expect((await control(front, 'GET', '/', undefined, headers as Record<string, string>)).status).toBe(
        200,
      );
  });
});
