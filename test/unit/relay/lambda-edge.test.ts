/** When an answer leaves: at once where it is alone, with the others of its turn where it is not, and with its slot freed. */

import { PassThrough } from 'node:stream';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { RelayAnswer } from '../../../lib/relay/invocation.ts';
import { type RelayHandler, relayMode } from '../../../lib/relay/lambda-edge.ts';

type Handler = (event: unknown, out: PassThrough, context: unknown) => Promise<void>;

let happened: string[] = [];
let ways: Record<string, (answer: RelayAnswer) => void> = {};

beforeAll(() => {
  vi.stubGlobal('awslambda', {
    streamifyResponse: (handler: unknown) => handler,
    HttpResponseStream: { from: (out: unknown) => out },
  });
});
afterAll(() => {
  vi.unstubAllGlobals();
});
beforeEach(() => {
  happened = [];
  ways = {};
});

/** Answers when the test says so. */
const relay: RelayHandler = ({ body }) =>
  new Promise((resolve) => {
    ways[String(body)] = resolve;
  });

const startHandler = () =>
  middy<APIGatewayProxyEvent>(relay as never, {
    executionMode: relayMode as unknown as () => void,
    timeoutEarlyInMillis: 0,
  }) as unknown as Handler;

function send(handler: Handler, name: string): Promise<void> {
  const out = new PassThrough();
  out.on('data', (bytes) => happened.push(`${name} wrote ${bytes}`));
  out.on('end', () => happened.push(`${name} ended`));
  return handler({ body: name }, out, {} as Context);
}

function answer(name: string, more: Partial<RelayAnswer> = {}): void {
  happened.push(`${name} answered`);
  ways[name]?.({ status: 200, headers: {}, body: 'yes', finish: async () => undefined, ...more });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('leaves at once where no other request is under way', async () => {
  const handler = startHandler();
  const sent = send(handler, 'a');
  await turn();
  answer('a');
  setImmediate(() => happened.push('the turn was over'));
  await sent;
  await turn();
  expect(happened).toEqual(['a answered', 'a wrote yes', 'a ended', 'the turn was over']);
});

it('leaves together with the others of its turn where many are under way', async () => {
  const handler = startHandler();
  const sent = ['a', 'b', 'c'].map((name) => send(handler, name));
  await turn();
  for (const name of ['a', 'b']) {
    answer(name);
    // Whatever else the turn has to do, it does before the first write.
    for (let steps = 0; steps < 50; steps++) await undefined;
  }
  expect(happened).toEqual(['a answered', 'b answered']);
  await Promise.all(sent.slice(0, 2));
  expect(happened.filter((event) => event.includes('wrote'))).toEqual(['a wrote yes', 'b wrote yes']);

  // Whoever is left alone waits for nobody.
  answer('c');
  setImmediate(() => happened.push('the turn was over'));
  await sent[2];
  await turn();
  expect(happened.slice(-4)).toEqual(['c answered', 'c wrote yes', 'c ended', 'the turn was over']);
});

it('has its slot freed when the body is written and before it ends; counts then', async () => {
  const handler = startHandler();
  const sent = send(handler, 'a');
  await turn();
  answer('a', {
    release: async () => {
      await turn();
      happened.push('slot free');
    },
    finish: async () => void happened.push('counted'),
  });
  await sent;
  expect(happened.filter((event) => event !== 'a ended')).toEqual([
    'a answered',
    'a wrote yes',
    'slot free',
    'counted',
  ]);
  expect(happened.indexOf('a ended')).toBeGreaterThan(happened.indexOf('slot free'));
});

it('is counted, its connection cut, when its body breaks', async () => {
  const handler = startHandler();
  const sent = send(handler, 'a');
  await turn();
  answer('a', {
    body: () => Promise.reject(new Error('broken')),
    finish: async () => void happened.push('counted'),
  });
  await expect(sent).rejects.toThrow('broken');
  expect(happened).toEqual(['a answered', 'counted']);
});
