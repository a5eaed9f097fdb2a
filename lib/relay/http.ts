/** One HTTP request on a kept connection. */

import {
  type Connection,
  type Incoming,
  openConnection,
  type Place,
  type RequestBytes,
} from './connection.ts';
import { remembered } from './remembered.ts';

export interface HttpRequest {
  /** `https://host[:port]`, without a path. */
  readonly origin: string;
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Until the answer's headers are there. */
  readonly timeoutMs: number;
  readonly departure?: Departure | undefined;
}

/** Tells whoever works for a caller that the caller has gone. One waits at a time. */
export interface Departure {
  isGone: boolean;
  onGone: (() => void) | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly stream: Incoming;
}

/** No whole answer came. `unreachable`: the request was certainly not sent; with any other it may have been acted on. */
export class HttpFailure extends Error {
  declare readonly kind: 'unreachable' | 'broken' | 'timeout' | 'gone' | 'too-large';

  constructor(kind: HttpFailure['kind'], cause?: unknown) {
    super(kind, { cause });
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

export interface Http {
  /** Throws HttpFailure. Redirects are not followed. */
  open(request: HttpRequest): Promise<HttpResponse>;
}

/**
 * A socket that slept this long may have been closed by the other side without our noticing, above all while
 * Lambda froze the environment. A request on it would fail without our knowing whether the model ran.
 */
const idleMsMax = 10_000;
const freeMax = 64;
/** Two lost packets of a handshake are sent again within this time; after that nobody is there. */
const connectMsMax = 3_000;

export function createHttp({
  now,
  connectMs = connectMsMax,
}: {
  readonly now: () => number;
  readonly connectMs?: number;
}): Http {
  const lines = new Map<string, () => Connection>();
  return {
    open(request) {
      const { origin } = request;
      const take = remembered(lines, origin, () => connectionsTo(new URL(origin), connectMs, now));
      return open(take, request);
    },
  };
}

/** Throws HttpFailure `broken`, `timeout`, `gone` or `too-large`; the connection of an answer that is not whole is cut. */
export function readAll(
  stream: Incoming,
  limits: {
    readonly bytesMax: number;
    readonly timeoutMs: number;
    readonly departure?: Departure | undefined;
  },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const { settle, fail, limit } = guard(reject, stream, () => true);
    stream.receive({
      data(chunk) {
        bytes += chunk.length;
        if (bytes > limits.bytesMax) fail('too-large');
        else chunks.push(chunk);
      },
      end() {
        settle();
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
      },
      broken: (cause) => fail('broken', cause),
    });
    // Most answers are whole by now.
    limit(limits);
  });
}

/** The value of one header; names in lower case. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name) return rawHeaders[index + 1];
  return undefined;
}

/** Answers a connection that is free, the last used first, or a new one. */
function connectionsTo(url: URL, connectMs: number, now: () => number): () => Connection {
  const isSecure = url.protocol === 'https:';
  const place: Place = {
    isSecure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isSecure ? 443 : 80),
  };
  /** The longest unused first. */
  const free: { readonly connection: Connection; readonly since: number }[] = [];
  const keep = (connection: Connection) => {
    free.push({ connection, since: now() });
    if (free.length > freeMax) free.shift()?.connection.close();
  };
  return () => {
    for (let last = free.pop(); last; last = free.pop()) {
      const { connection, since } = last;
      if (now() - since > idleMsMax) connection.close();
      else if (connection.isOpen()) return connection;
    }
    return openConnection(place, connectMs, keep);
  };
}

function open(take: () => Connection, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.departure?.isGone) {
      reject(new HttpFailure('gone'));
      return;
    }
    const bytes = requestBytes(request);
    const connection = take();
    const stream = connection.send(bytes, {
      head(status, rawHeaders) {
        settle();
        resolve({ status, rawHeaders, stream });
      },
      broken: (cause) => fail(connection.isReady() ? 'broken' : 'unreachable', cause),
    });
    const { settle, fail, limit } = guard(reject, stream, connection.isReady);
    limit(request);
  });
}

/** Throws TypeError for characters that would end a line, or the request, where nobody meant it to (RFC 9110 §5.5). */
function requestBytes({ method, path, headers, body = '' }: HttpRequest): RequestBytes {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  let head = `${method} ${path} HTTP/1.1\r\ncontent-length: ${bytes.length}\r\n`;
  let isSendable = /^[\x21-\x7e]*$/.test(path);
  for (const name in headers) {
    const value = headers[name] as string;
    isSendable &&= /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    head += `${name}: ${value}\r\n`;
  }
  if (!isSendable) throw new TypeError('control characters');
  return { head: `${head}\r\n`, body: bytes };
}

/** Ends a wait once: by an answer, or by what may go wrong meanwhile. */
function guard(
  reject: (failure: HttpFailure) => void,
  connection: Pick<Incoming, 'cut'>,
  isSent: () => boolean,
) {
  let isOver = false;
  let release = () => {};
  const settle = () => {
    isOver = true;
    release();
  };
  const fail = (kind: HttpFailure['kind'], cause?: unknown) => {
    if (isOver) return;
    settle();
    reject(new HttpFailure(kind, cause));
    connection.cut();
  };
  const limit = ({ timeoutMs, departure }: Pick<HttpRequest, 'timeoutMs' | 'departure'>) => {
    if (isOver) return;
    const timer = setTimeout(() => fail(isSent() ? 'timeout' : 'unreachable'), timeoutMs);
    // Bound: V8 makes a function that is written where it is assigned to a property in old space, taking it for a method.
    // Dead, it would keep the whole request through every collection of young objects.
    if (departure) departure.onGone = fail.bind(null, 'gone');
    release = () => {
      clearTimeout(timer);
      if (departure) departure.onGone = undefined;
    };
  };
  return { settle, fail, limit };
}
