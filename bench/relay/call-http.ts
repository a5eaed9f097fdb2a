/**
 * Calls an endpoint through an HTTP server, over kept connections: the load on a gateway, as light as it can be, because it
 * runs on the processors of what it measures. The request is bytes made once, and of an answer no more is read than its
 * status and its length (RFC 9112).
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { load } from '../load.ts';
import { serveTasks } from '../side.ts';
import { type CallTask, checkEcho } from './call.ts';
import { aBody } from './event.ts';

export interface HttpCallTask extends CallTask {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

serveTasks<HttpCallTask>('ready', async (task) => {
  const url = new URL(task.url);
  const request = requestBytes(url, task.headers, aBody(task.bodyBytes));
  const connections = await Promise.all(Array.from({ length: task.concurrency }, () => open(url)));
  const idle = [...connections];
  const call = async () => {
    const connection = idle.pop();
    if (!connection) throw new Error('There are fewer connections than calls at a time.');
    const { status, bytes } = await connection.ask(request);
    checkEcho(task.bodyBytes, status, bytes);
    idle.push(connection);
  };
  try {
    return await load(call, task);
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
});

interface Connection {
  readonly socket: Socket;
  ask(request: Buffer): Promise<{ status: number; bytes: number }>;
}

function requestBytes(url: URL, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = {
    host: url.host,
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head.join('')}\r\n`), body]);
}

async function open(url: URL): Promise<Connection> {
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  return {
    socket,
    ask: (request) =>
      new Promise((resolve, reject) => {
        let answer: Buffer | undefined;
        const settle = (act: () => void) => {
          socket.removeAllListeners();
          act();
        };
        socket.on('data', (chunk: Buffer) => {
          answer = answer ? Buffer.concat([answer, chunk]) : chunk;
          const whole = readAnswer(answer);
          if (whole) settle(() => resolve(whole));
        });
        socket.on('error', (error) => settle(() => reject(error)));
        socket.on('close', () => settle(() => reject(new Error('The connection was closed.'))));
        socket.write(request);
      }),
  };
}

/** Undefined: not all of it is there. */
function readAnswer(answer: Buffer): { status: number; bytes: number } | undefined {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = answer.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const bodyAt = headEnd + 4;
  const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
  if (length === undefined) return readChunks(answer, bodyAt, status);
  const bytes = Number(length);
  return answer.length - bodyAt >= bytes ? { status, bytes } : undefined;
}

function readChunks(
  answer: Buffer,
  from: number,
  status: number,
): { status: number; bytes: number } | undefined {
  let bytes = 0;
  for (let at = from; ; ) {
    const lineEnd = answer.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(answer.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > answer.length) return undefined;
    if (size === 0) return { status, bytes };
    bytes += size;
  }
}
