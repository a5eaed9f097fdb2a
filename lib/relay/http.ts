/** One HTTP request on a kept connection, over Node's own client: the SDK's handler costs more than a whole relayed call. */

import type { Agent, IncomingMessage, RequestOptions } from 'node:http';

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
  readonly stream: IncomingMessage;
}

/** No whole answer came. `unreachable`: the request was certainly not sent; with any other it may have been acted on. */
export class HttpFailure extends Error {
  readonly kind: 'unreachable' | 'broken' | 'timeout' | 'gone' | 'too-large';

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
const idleSocketMsMax = 10_000;
/** Two lost packets of a handshake are sent again within this time; after that nobody is there. */
const connectMsMax = 3_000;

export function createHttp({
  now,
  connectMs = connectMsMax,
}: {
  readonly now: () => number;
  readonly connectMs?: number;
}): Http {
  const lines = new Map<string, Line>();
  const lineTo = (origin: string): Line => {
    const known = lines.get(origin);
    if (known) return known;
    const line = createLine(new URL(origin), connectMs);
    lines.set(origin, line);
    return line;
  };
  return {
    open(request) {
      const line = lineTo(request.origin);
      const at = now();
      if (at - line.lastUsedAt > idleSocketMsMax) closeIdleSockets(line.agent);
      line.lastUsedAt = at;
      return open(line, request);
    },
  };
}

/** Throws HttpFailure `broken`, `timeout`, `gone` or `too-large`; the connection is cut in each case. */
export function readAll(
  stream: IncomingMessage,
  limits: {
    readonly bytesMax: number;
    readonly timeoutMs: number;
    readonly departure?: Departure | undefined;
  },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const { settle, fail } = guard(limits, reject, stream, () => true);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.bytesMax) fail('too-large');
      else chunks.push(chunk);
    });
    stream.on('end', () => {
      settle();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
    });
    stream.on('error', (cause) => fail('broken', cause));
    // Closed without an end or an error.
    stream.on('close', () => fail('broken'));
  });
}

/** The value of one header; names in lower case. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name) return rawHeaders[index + 1];
  return undefined;
}

interface Line {
  readonly agent: Agent;
  readonly request: typeof import('node:http').request;
  readonly options: RequestOptions;
  lastUsedAt: number;
}

function createLine(url: URL, connectMs: number): Line {
  const isSecure = url.protocol === 'https:';
  // Only the module that is needed is loaded, and only now: an import would load it at every cold start.
  const transport = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
  const agent = new transport.Agent({ keepAlive: true, maxFreeSockets: 64 });
  const { createConnection } = agent;
  agent.createConnection = (...given) => {
    const socket = createConnection.apply(agent, given);
    const timer = setTimeout(() => socket?.destroy(unconnected()), connectMs);
    const stop = () => clearTimeout(timer);
    socket?.once(isSecure ? 'secureConnect' : 'connect', stop).once('close', stop);
    return socket;
  };
  return {
    agent,
    request: transport.request,
    options: {
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port && { port: url.port }),
      setHost: false,
    },
    lastUsedAt: 0,
  };
}

/** As Node itself reports a connection that failed. */
function unconnected(): Error {
  return Object.assign(new Error(), { syscall: 'connect' });
}

function closeIdleSockets(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

function open(line: Line, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.departure?.isGone) {
      reject(new HttpFailure('gone'));
      return;
    }
    const outgoing = line.request({
      ...line.options,
      agent: line.agent,
      method: request.method,
      path: request.path,
      headers: headerList(request),
    });
    const isConnected = () => outgoing.socket?.connecting === false;
    const { settle, fail } = guard(request, reject, outgoing, isConnected);
    outgoing.on('response', (stream) => {
      settle();
      resolve({ status: stream.statusCode ?? 0, rawHeaders: stream.rawHeaders, stream });
    });
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      // Neither name lookup nor connect() got through: nothing was sent.
      const isUnsent = cause.syscall === 'connect' || cause.syscall === 'getaddrinfo';
      fail(isUnsent ? 'unreachable' : 'broken', cause);
    });
    outgoing.end(request.body);
  });
}

/** A flat list goes out as it is; the names of an object Node would look at one by one, and once more. */
function headerList({ headers, body = '' }: HttpRequest): string[] {
  const list = ['content-length', String(Buffer.byteLength(body))];
  for (const name in headers) list.push(name, headers[name] as string);
  return list;
}

/** Ends a wait once: by an answer, or by what may go wrong meanwhile. */
function guard(
  { timeoutMs, departure }: { readonly timeoutMs: number; readonly departure?: Departure | undefined },
  reject: (failure: HttpFailure) => void,
  connection: { destroy(): void },
  isSent: () => boolean,
) {
  let isOver = false;
  const settle = () => {
    isOver = true;
    clearTimeout(timer);
    if (departure) departure.onGone = undefined;
  };
  const fail = (kind: HttpFailure['kind'], cause?: unknown) => {
    if (isOver) return;
    settle();
    reject(new HttpFailure(kind, cause));
    connection.destroy();
  };
  const timer = setTimeout(() => fail(isSent() ? 'timeout' : 'unreachable'), timeoutMs);
  if (departure) departure.onGone = () => fail('gone');
  return { settle, fail };
}
