/**
 * A model that does as its CustomAttributes say, `status=503,delayMs=200`, and otherwise echoes what it was sent.
 * Words that it does not know it leaves alone: the attributes are the caller's.
 */

import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { NetworkFault } from '../../front/network-fault.ts';
import { type RuntimeErrorCode, runtimeErrors } from '../runtime-faults.ts';
import {
  failure,
  type Model,
  type ModelAnswer,
  type ModelRequest,
  StreamBreak,
  type StreamBreakEvent,
} from './model.ts';

export function createPuppet(): Model {
  return {
    async invoke(request) {
      const orders = readOrders(request.customAttributes ?? '');
      if (typeof orders === 'string') return failure(400, orders);
      if (orders.delayMs) await wait(orders.delayMs, undefined, { signal: request.signal });
      return refusalOf(orders) ?? reply(request, orders);
    },
  };
}

interface Orders {
  /** The container's own status; 400 and above become 424 ModelError. 0: it does not answer. */
  readonly status?: number;
  readonly delayMs?: number;
  /** The body is this many bytes instead of an echo. */
  readonly bytes?: number;
  /** Answer bit by bit. */
  readonly chunks?: number;
  readonly chunkBytes?: number;
  /** Between two chunks. */
  readonly paceMs?: number;
  /** The stream breaks after so many chunks. */
  readonly breakAfter?: number;
  readonly break?: string;
  /** SageMaker refuses with this code. */
  readonly error?: string;
  /** `request`: the body describes what the container received. */
  readonly show?: string;
  /** `closed`: the container ends the stateful session. */
  readonly session?: string;
}

/** Numbers and their upper bounds. */
const numbers: Readonly<Record<string, number>> = {
  status: 599,
  delayMs: 600_000,
  bytes: 25 * 1024 * 1024,
  chunks: 10_000,
  chunkBytes: 1024 * 1024,
  paceMs: 60_000,
  breakAfter: 10_000,
};

const breaks: Readonly<Record<string, StreamBreakEvent | 'socket'>> = {
  StreamBroken: { type: 'ModelStreamError', errorCode: 'StreamBroken' },
  ModelInvocationTimeExceeded: { type: 'ModelStreamError', errorCode: 'ModelInvocationTimeExceeded' },
  InternalStreamFailure: { type: 'InternalStreamFailure' },
  /** The connection is cut without a word. */
  socket: 'socket',
};

const words: Readonly<Record<string, readonly string[]>> = {
  break: Object.keys(breaks),
  error: Object.keys(runtimeErrors),
  show: ['request'],
  session: ['closed'],
};

/** The orders, or what is wrong with them. */
function readOrders(attributes: string): Orders | string {
  const orders: Record<string, number | string> = {};
  for (const part of attributes.split(/[,;]/)) {
    const [name = '', value = ''] = part.trim().split('=', 2);
    const max = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
    if (max !== undefined) {
      if (!/^\d{1,9}$/.test(value) || Number(value) > max) return `${name} must be a number up to ${max}.`;
      orders[name] = Number(value);
    }
    const choices = Object.hasOwn(words, name) ? words[name] : undefined;
    if (choices) {
      if (!choices.includes(value)) return `${name} must be one of: ${choices.join(', ')}.`;
      orders[name] = value;
    }
  }
  return orders as Orders;
}

function refusalOf({ error, status }: Orders): ModelAnswer | undefined {
  if (error === 'ModelError') return failure(500, 'The puppet was told to fail.');
  if (error)
    return { kind: 'refusal', code: error as RuntimeErrorCode, message: 'The puppet was told to refuse.' };
  if (status === 0 || (status !== undefined && status >= 400))
    return failure(status, `The puppet was told to answer ${status}.`);
  return undefined;
}

function reply(request: ModelRequest, orders: Orders): ModelAnswer {
  const isStreamed = orders.chunks !== undefined || orders.breakAfter !== undefined;
  return {
    kind: 'reply',
    contentType: orders.show ? 'application/json' : (request.contentType ?? 'application/octet-stream'),
    body: isStreamed ? stream(request, orders) : bodyOf(request, orders),
    ...(request.customAttributes !== undefined && { customAttributes: request.customAttributes }),
    ...(orders.session === 'closed' && { closesSession: true }),
  };
}

function bodyOf(request: ModelRequest, { bytes, show }: Orders): Buffer {
  if (bytes !== undefined) return Buffer.alloc(bytes, 'puppet');
  if (!show) return request.body;
  const { body, signal: _, ...received } = request;
  const digest = createHash('sha256').update(body).digest('hex');
  return Buffer.from(JSON.stringify({ ...received, bodyBytes: body.length, bodySha256: digest }));
}

/** Without sizes the echo is cut into its chunks; with `chunkBytes` every chunk has that many bytes. */
async function* stream(request: ModelRequest, orders: Orders): AsyncGenerator<Uint8Array> {
  const { chunks = (orders.breakAfter ?? 0) + 1, chunkBytes, paceMs, breakAfter } = orders;
  const whole = chunkBytes === undefined ? bodyOf(request, orders) : Buffer.alloc(chunkBytes, 'puppet');
  for (let n = 0; n < chunks; n++) {
    if (n === breakAfter) throw breakOf(orders.break ?? 'StreamBroken');
    request.signal.throwIfAborted();
    yield chunkBytes === undefined
      ? whole.subarray(Math.floor((n * whole.length) / chunks), Math.floor(((n + 1) * whole.length) / chunks))
      : whole;
    if (paceMs) await wait(paceMs, undefined, { signal: request.signal });
  }
}

function breakOf(name: string): Error {
  const event = breaks[name];
  if (event === 'socket' || event === undefined) return new NetworkFault('cut');
  return new StreamBreak(event, 'The puppet was told to break the stream.');
}
