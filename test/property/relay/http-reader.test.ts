/**
 * The reader of responses against Node's own client, which nobody here wrote: what it takes for a response is the same
 * response to Node, however the network cuts it; and every response that Node would write is taken.
 */

import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createResponseReader, MalformedResponse } from '../../../lib/relay/http-reader.ts';
import { type Random, seededRandom, seedFromEnvironment } from '../../support/seeded-random.ts';

const seed = seedFromEnvironment();
const cases = Number(process.env['HTTP_CASES'] ?? 1_000);

interface Read {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Undefined: not a response. `bytes`: how many of them it is, when they came one by one. */
function readOurs(bytes: Buffer, sizeOfNext: () => number): (Read & { bytes: number }) | undefined {
  let read: Omit<Read, 'body'> | undefined;
  let body = '';
  let at = 0;
  let endedAt: number | undefined;
  const reader = createResponseReader({
    head(status, rawHeaders) {
      expect(read).toBeUndefined();
      read = { status, rawHeaders };
    },
    data(part) {
      expect(part.length).toBeGreaterThan(0);
      body += part.toString('latin1');
    },
    end() {
      expect(endedAt).toBeUndefined();
      endedAt = at;
    },
  });
  try {
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + sizeOfNext());
      at += part.length;
      reader(part);
    }
    reader();
  } catch (error) {
    if (!(error instanceof MalformedResponse)) throw error;
    expect(endedAt).toBeUndefined();
    return undefined;
  }
  if (!read || endedAt === undefined) throw new Error('Neither an end nor an error.');
  return { ...read, body, bytes: endedAt };
}

const oneByOne = () => 1;
const cutBy = (random: Random, most: number) => () => (random.isLucky(0.3) ? 1 : random.whole(1, most));

let sent: Buffer;
let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(sent));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

function readNodes(bytes: Buffer): Promise<Read | undefined> {
  sent = bytes;
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', agent: false }, (incoming) => {
      const { statusCode: status = 0, rawHeaders } = incoming;
      let body = '';
      incoming.setEncoding('latin1');
      incoming.on('data', (part: string) => {
        body += part;
      });
      incoming.on('end', () => resolve({ status, rawHeaders, body }));
      incoming.on('error', () => resolve(undefined));
    });
    asked.on('upgrade', () => resolve(undefined));
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

const tokens = ['a', 'X-Amzn-RequestId', "weird!#$%&'*+-.^_`|~09", 'x-long-name-'.repeat(3)] as const;
const values = [
  '',
  'v',
  'two words',
  '\tin tabs\t',
  'caf\xe9',
  ' '.repeat(9),
  'a:b, c',
  'x'.repeat(30),
] as const;

function response(random: Random): string {
  const interim = random.isLucky(0.1) ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  const status = random.oneOf(['200 OK', '200', '204 No Content', '304 Not Modified', '424 ', '500 Oh\tno']);
  const headers = Array.from(
    { length: random.whole(0, 5) },
    () => `${random.oneOf(tokens)}:${random.oneOf(['', ' ', '  \t'])}${random.oneOf(values)}`,
  );
  const body = random.oneOf(['', 'x', '{"a":1}', '\r\n\r\n', 'y'.repeat(40)]);
  const framing = random.oneOf(['length', 'chunked', 'close']);
  if (framing === 'length') headers.push(`Content-Length: ${body.length}`);
  if (framing === 'chunked')
    headers.push(random.oneOf(['Transfer-Encoding: chunked', 'transfer-encoding:CHUNKED']));
  if (random.isLucky(0.2)) headers.push(random.oneOf(['Connection: close', 'connection: keep-alive']));
  headers.sort(() => random.between(-1, 1));
  const isBodiless = /^(204|304)/.test(status);
  const carried = isBodiless ? '' : framing === 'chunked' ? chunked(body, random) : body;
  return `${interim}HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${carried}`;
}

function chunked(body: string, random: Random): string {
  let chunks = '';
  for (let at = 0; at < body.length; ) {
    const part = body.slice(at, at + random.whole(1, body.length));
    const size = part.length.toString(16);
    chunks += `${random.oneOf([size, size.toUpperCase(), `0${size}`, `${size};name=value`])}\r\n${part}\r\n`;
    at += part.length;
  }
  return `${chunks}0\r\n${random.oneOf(['', 'Trailer: value\r\n', 'a: 1\r\nb: 2\r\n'])}\r\n`;
}

const scraps = [
  ...[
    '\r',
    '\n',
    '\0',
    '\x7f',
    ' ',
    ':',
    '\r\n',
    '\r\n\r\n',
    'Content-Length: 3\r\n',
    'Content-Length: -1\r\n',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'HTTP/1.1 200 OK\r\n',
    '-',
    '0x',
  ],
  ...['HTTP/1.1 101 Switching Protocols\r\n', ' folded\r\n', 'f'.repeat(300), 'h: '.padEnd(20_000, 'v')],
] as const;

function broken(whole: string, random: Random): string {
  const at = random.whole(0, whole.length);
  const isHead = random.isLucky(0.5);
  const place = isHead ? Math.min(at, random.whole(0, whole.indexOf('\r\n\r\n') + 4)) : at;
  switch (random.oneOf(['cut', 'insert', 'remove', 'replace'])) {
    case 'cut':
      return whole.slice(0, place);
    case 'insert':
      return whole.slice(0, place) + random.oneOf(scraps as unknown as [string]) + whole.slice(place);
    case 'remove':
      return whole.slice(0, place) + whole.slice(place + random.whole(1, 4));
    default:
      return whole.slice(0, place) + random.oneOf(scraps as unknown as [string]) + whole.slice(place + 1);
  }
}

/** The same for whatever pieces; undefined where it is no response. */
function readInPieces(bytes: Buffer, random: Random): (Read & { bytes: number }) | undefined {
  const whole = readOurs(bytes, oneByOne);
  const cut = readOurs(bytes, cutBy(random, bytes.length));
  expect(cut && { ...cut, bytes: 0 }).toEqual(whole && { ...whole, bytes: 0 });
  return whole;
}

async function expectAsNode(
  bytes: Buffer,
  { bytes: length, ...read }: Read & { bytes: number },
  name: string,
) {
  const message = `${name}: ${JSON.stringify(bytes.toString('latin1'))}`;
  expect(read, message).toEqual(await readNodes(bytes.subarray(0, length)));
}

it(`takes every whole response, as Node does (SEED=${seed})`, { timeout: 60_000 }, async () => {
  const random = seededRandom(seed);
  for (let count = 0; count < cases; count += 1) {
    const bytes = Buffer.from(response(random), 'latin1');
    const ours = readInPieces(bytes, random);
    const name = `SEED=${seed}, response ${count}`;
    if (!ours) throw new Error(`${name} was refused: ${JSON.stringify(bytes.toString('latin1'))}`);
    expect(ours.bytes).toBe(bytes.length);
    await expectAsNode(bytes, ours, name);
  }
});

it(`takes nothing for a response that is another one to Node (SEED=${seed})`, {
  timeout: 60_000,
}, async () => {
  const random = seededRandom(seed + 1);
  let taken = 0;
  for (let count = 0; count < cases; count += 1) {
    const bytes = Buffer.from(broken(response(random), random), 'latin1');
    const ours = readInPieces(bytes, random);
    if (!ours) continue;
    taken += 1;
    await expectAsNode(bytes, ours, `SEED=${seed}, response ${count}`);
  }
  // Neither everything nor nothing, or this would show little.
  expect(taken).toBeGreaterThan(cases / 20);
  expect(taken).toBeLessThan(cases * 0.95);
});
