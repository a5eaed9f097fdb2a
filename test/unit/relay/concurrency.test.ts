import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamo, type Dynamo } from '../../../lib/relay/dynamodb.ts';
import { createHttp, type Departure } from '../../../lib/relay/http.ts';
import { createRelay } from '../../../lib/relay/relay.ts';
import { readRequest } from '../../../lib/relay/request.ts';
import { anEvent, grantId, type Lab, openLab } from '../../support/relay-lab.ts';
import { stubTable } from '../../support/stub-aws.ts';

/** What becomes of a call to the table. */
type Fate = 'lost reply' | 'throttled' | 'answered';

let lab: Lab;
let table: Server;
let fates: Fate[];
let dynamo: Dynamo;
beforeEach(async () => {
  lab = await openLab();
  fates = [];
  table = await startTable(lab.aws.environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '');
  dynamo = createDynamo({
    ...lab.surroundings,
    http: createHttp({ now: lab.now }),
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
  });
  lab.coldStart(environment());
  await lab.subscribe({ alias: 'capped', limits: { concurrency: 1 } });
});
afterEach(async () => {
  table.closeAllConnections();
  await new Promise((resolve) => table.close(resolve));
  await lab.close();
});

const environment = () => ({
  AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(table.address() as AddressInfo).port}`,
});
const slots = async (): Promise<readonly string[]> => {
  const { Item } = await dynamo('GetItem', {
    TableName: stubTable,
    Key: { alias: { S: `slots#${grantId}` } },
    ConsistentRead: true,
  });
  return (Item as { slots?: { SS: string[] } } | undefined)?.slots?.SS ?? [];
};
const send = (remainingMs?: number) =>
  lab.send({ alias: 'capped', ...(remainingMs !== undefined && { remainingMs }) });

describe('a slot', () => {
  it('is found to be its own when the reply that gave it was lost', async () => {
    fates = ['lost reply'];
    expect((await send()).status).toBe(200);
    expect(await slots()).toEqual([]);
  });

  it('is freed also when it was never known whether it was taken', async () => {
    fates = ['lost reply', 'lost reply', 'lost reply'];
    expect((await send()).status).toBe(200);
    expect(lab.lines).toContainEqual(expect.objectContaining({ message: 'slots not counted' }));
    expect(await slots()).toEqual([]);
  });

  it('is not given out blindly where so many ask that the table throttles', async () => {
    fates = ['throttled', 'throttled', 'throttled'];
    const answer = await send();
    expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([429, 'ThrottlingException']);
    expect(lab.aws.received.sagemaker).toEqual([]);
  });

  it.each([
    ['invocations', 210],
    ['async-invocations', 90],
    ['invocations-response-stream', 498],
  ])('of %s is good for %i s, which is as long as one can last', async (operation, seconds) => {
    let held: readonly string[] = [];
    lab.aws.respond.sagemaker = async (_received, response) => {
      held = await slots();
      response.end('{}');
    };
    const resource = `/endpoints/{alias}/${operation}`;
    await lab.send({ alias: 'capped', resource, remainingMs: 499_000 });
    expect(held).toHaveLength(1);
    const seen = Number.parseInt(held[0] ?? '', 10) - lab.now() / 1000;
    expect(seen).toBeLessThanOrEqual(seconds + 1);
    expect(seen).toBeGreaterThan(seconds - 30);
    // A thousand of them are written again at every change.
    expect(held[0]?.length).toBeLessThan(20);
  });

  describe('of a stream', () => {
    const resource = '/endpoints/{alias}/invocations-response-stream';
    let upstream: ServerResponse | undefined;
    const begin = () => {
      upstream = undefined;
      lab.aws.respond.sagemaker = (_received, response) => {
        upstream = response;
        response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
        response.flushHeaders();
      };
    };
    const endings: Record<string, [end: (departure: Departure) => unknown, outcome: string]> = {
      'is over': [() => upstream?.end(), 'ok'],
      breaks: [() => upstream?.socket?.destroy(), 'stream-broken'],
      'is read by nobody any more': [
        (departure) => {
          departure.isGone = true;
          departure.onGone?.();
        },
        'client-left',
      ],
    };
    it.each(Object.entries(endings))('is held until it %s, and then free', async (_when, [end, outcome]) => {
      begin();
      const departure: Departure = { isGone: false, onGone: undefined };
      const streaming = lab.send({ alias: 'capped', resource }, departure);
      await expect.poll(() => upstream !== undefined).toBe(true);
      const [held, other] = [await slots(), await send()];
      expect([held.length, other.status]).toEqual([1, 429]);
      expect(lab.aws.received.sagemaker).toHaveLength(1);
      end(departure);
      expect((await streaming).status).toBe(200);
      expect(lab.lines.at(-1)).toMatchObject({ mode: 'stream', outcome });
      expect(await slots()).toEqual([]);
      lab.aws.respond.sagemaker = (_received, response) => void response.end('fine');
      expect((await send()).status).toBe(200);
    });
  });

  it('is free before the answer has ended, so that its caller’s next request finds it so', async () => {
    const invoke = createRelay({
      ...lab.surroundings,
      environment: { ...lab.aws.environment, ...environment() },
    });
    const departure = { isGone: false, onGone: undefined };
    const answer = await invoke(() =>
      readRequest(anEvent({ alias: 'capped' }), { now: lab.now(), remainingMs: 60_000, departure }),
    );
    expect(String(answer.body)).toBe('5.1,3.5,1.4,0.2');
    expect(await slots()).toHaveLength(1);
    await answer.release?.();
    expect(await slots()).toEqual([]);
    await answer.finish();
    expect(lab.lines).toMatchObject([{ outcome: 'ok', BytesOut: 15 }]);
  });
});

/** The stub's table behind a line that updates may not survive. */
async function startTable(url: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { 'x-amz-target': target, ...headers } = request.headers as Record<string, string>;
    const isUpdate = target?.endsWith('UpdateItem');
    const fate = (isUpdate && fates.shift()) || 'answered';
    if (fate === 'throttled') {
      response.writeHead(400).end('{"__type":"com.amazonaws.dynamodb#ThrottlingException"}');
      return;
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...sent } = headers;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...sent, 'x-amz-target': target ?? '' },
      body: Buffer.concat(chunks),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (fate === 'lost reply') request.socket.destroy();
    else response.writeHead(answer.status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
