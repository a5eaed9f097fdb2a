/** The line that each invocation leaves in the log, member by member: CloudWatch makes metrics of it and ignores what it cannot read. */

import { PassThrough } from 'node:stream';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRelay } from '../../../lib/relay/relay.ts';
import { readRequest } from '../../../lib/relay/request.ts';
import { anEvent, caller, type EventChange, grantId, type Lab, openLab } from '../../support/relay-lab.ts';
import { giveSession } from '../../support/stub-aws.ts';

const frame = new EventStreamCodec(toUtf8, fromUtf8).encode({
  headers: { ':message-type': { type: 'string', value: 'event' } },
  body: Buffer.from('part'),
});

let lab: Lab;
/** The relay's timer, which only these tests move, and its clock, which stands still. */
let timer: number;
let now: number;
beforeEach(async () => {
  lab = await openLab();
  timer = 1_000;
  now = lab.now();
  lab.aws.respond.sts = (_received, response) => {
    timer += 7.126;
    giveSession(response, now);
  };
});
afterEach(() => lab.close());

async function lineOf(change: EventChange, out = new PassThrough()): Promise<unknown> {
  const invoke = createRelay({ ...lab.surroundings, now: () => now, timer: () => timer });
  const departure = { isGone: false, onGone: undefined };
  const answer = await invoke(() => readRequest(anEvent(change), { now, remainingMs: 60_000, departure }));
  if (typeof answer.body === 'function') await answer.body(out);
  await answer.finish();
  expect(lab.lines).toHaveLength(1);
  return lab.lines[0];
}

/** As "Specification: Embedded metric format" has it: a directive, and a member of the root for each metric and dimension. */
const directive = (dimensions: readonly string[]) => ({
  Timestamp: now,
  CloudWatchMetrics: [
    {
      Namespace: 'Sharemaker',
      Dimensions: [dimensions],
      Metrics: [
        { Name: 'Invocations', Unit: 'Count' },
        { Name: 'Failures', Unit: 'Count' },
        { Name: 'Attempts', Unit: 'Count' },
        { Name: 'RelayMs', Unit: 'Milliseconds' },
        { Name: 'ModelMs', Unit: 'Milliseconds' },
        { Name: 'BytesIn', Unit: 'Bytes' },
        { Name: 'BytesOut', Unit: 'Bytes' },
      ],
    },
  ],
});

it('of a synchronous invocation keeps the relay’s time and the model’s apart', async () => {
  await lab.subscribe();
  lab.aws.respond.sagemaker = (_received, response) => {
    timer += 100.5;
    response.end('prediction');
  };
  expect(await lineOf({ body: '5.1,3.5' })).toEqual({
    _aws: directive(['alias', 'mode']),
    alias: 'iris',
    grantId,
    mode: 'sync',
    caller,
    outcome: 'ok',
    status: 200,
    Invocations: 1,
    Failures: 0,
    Attempts: 1,
    RelayMs: 7.13,
    ModelMs: 100.5,
    BytesIn: 7,
    BytesOut: 10,
  });
});

it('of a stream counts the model’s time until the last byte', async () => {
  await lab.subscribe();
  let end = () => {};
  lab.aws.respond.sagemaker = (_received, response) => {
    timer += 100;
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    response.write(frame);
    end = () => response.end(frame);
  };
  const out = new PassThrough().once('data', () => {
    timer += 2_000;
    end();
  });
  const resource = '/endpoints/{alias}/invocations-response-stream';
  expect(await lineOf({ resource, body: '5.1,3.5' }, out)).toEqual({
    _aws: directive(['alias', 'mode']),
    alias: 'iris',
    grantId,
    mode: 'stream',
    caller,
    outcome: 'ok',
    status: 200,
    Invocations: 1,
    Failures: 0,
    Attempts: 1,
    RelayMs: 7.13,
    ModelMs: 2_100,
    BytesIn: 7,
    BytesOut: 2 * frame.length,
  });
});

it('of a refused request has no time of a model', async () => {
  await lab.subscribe({ modes: ['stream'] });
  lab.aws.respond['execute-api'] = (_received, response) => {
    timer += 20;
    response.writeHead(404).end();
  };
  expect(await lineOf({ body: '5.1,3.5' })).toEqual({
    _aws: directive(['alias', 'mode']),
    alias: 'iris',
    grantId,
    mode: 'sync',
    caller,
    outcome: 'denied',
    status: 403,
    Invocations: 1,
    Failures: 1,
    Attempts: 0,
    RelayMs: 20,
    ModelMs: 0,
    BytesIn: 7,
    BytesOut: expect.any(Number),
  });
});

it('of an alias that nobody subscribed to makes no metric of its own', async () => {
  expect(await lineOf({ alias: 'made-up', body: '' })).toEqual({
    _aws: directive([]),
    mode: 'sync',
    caller,
    outcome: 'refused',
    status: 400,
    Invocations: 1,
    Failures: 1,
    Attempts: 0,
    RelayMs: 0,
    ModelMs: 0,
    BytesIn: 0,
    BytesOut: JSON.stringify({
      Message: 'Endpoint made-up not found: no offer was accepted under this alias.',
    }).length,
  });
});
