import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parentAccount } from '../service-adapter.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let container: Server;
let isReady: boolean;
let onInvocation: RequestListener;
const place = { accountId: parentAccount, name: 'container' };

beforeEach(async () => {
  isReady = true;
  onInvocation = (_, answer) => answer.end('fine');
  container = createServer((request, answer) => {
    if (request.url === '/ping') answer.writeHead(isReady ? 200 : 503).end();
    else if (request.url === '/invocations') onInvocation(request, answer);
    else answer.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(container, 'listening');
  stage = await openStage({ limits: { responseMs: 500, streamMs: 2000 } });
});
afterEach(() => {
  stage.close();
  container.closeAllConnections();
  container.close();
});

const status = async () =>
  (await stage.control.send(new DescribeEndpointCommand({ EndpointName: 'container' }))).EndpointStatus;
const attach = async () => {
  stage.sageMaker.addEndpoint({
    ...place,
    url: `http://127.0.0.1:${(container.address() as AddressInfo).port}`,
  });
  await expect.poll(status).toBe('InService');
};
const invoke = (more = {}) =>
  stage.runtime.send(new InvokeEndpointCommand({ EndpointName: 'container', Body: 'in', ...more }));

describe('a container', () => {
  it('is in service once it answers /ping, and not before', async () => {
    isReady = false;
    stage.sageMaker.addEndpoint({
      ...place,
      url: `http://127.0.0.1:${(container.address() as AddressInfo).port}`,
    });
    expect(await status()).toBe('Creating');
    await expect(invoke()).rejects.toMatchObject({ name: 'ValidationError' });
    isReady = true;
    await expect.poll(status).toBe('InService');
    expect(Buffer.from((await invoke()).Body ?? []).toString()).toBe('fine');
  });

  it('gets the body and the headers of the API, and its own come back', async () => {
    await attach();
    onInvocation = async (request, answer) => {
      const received = { headers: request.headers, body: (await buffer(request)).toString() };
      answer.setHeader('content-type', 'application/json');
      answer.setHeader('X-Amzn-SageMaker-Custom-Attributes', 'from=container');
      answer.end(JSON.stringify(received));
    };
    const answer = await invoke({
      ContentType: 'text/csv',
      Accept: 'application/json',
      CustomAttributes: 'to=container',
      TargetModel: 'm.tar.gz',
    });
    expect(answer).toMatchObject({ ContentType: 'application/json', CustomAttributes: 'from=container' });
    const { headers, body } = JSON.parse(Buffer.from(answer.Body ?? []).toString()) as {
      headers: Record<string, string>;
      body: string;
    };
    expect(body).toBe('in');
    expect(headers).toMatchObject({
      'content-type': 'text/csv',
      accept: 'application/json',
      'x-amzn-sagemaker-custom-attributes': 'to=container',
      'x-amzn-sagemaker-target-model': 'm.tar.gz',
    });
    expect(headers['authorization']).toBeUndefined();
  });

  it('streams as it writes', async () => {
    await attach();
    onInvocation = (_, answer) => {
      answer.write('one ');
      setImmediate(() => answer.end('two'));
    };
    const { Body } = await stage.runtime.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'container', Body: 'in' }),
    );
    const parts: Uint8Array[] = [];
    for await (const event of Body ?? []) parts.push(event.PayloadPart?.Bytes ?? new Uint8Array());
    expect(Buffer.concat(parts).toString()).toBe('one two');
  });

  it('that closes before it is done breaks the stream in band', async () => {
    await attach();
    onInvocation = (_, answer) => {
      answer.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => answer.destroy());
    };
    const { Body } = await stage.runtime.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'container', Body: 'in' }),
    );
    const drain = async () => {
      for await (const _ of Body ?? []);
    };
    await expect(drain()).rejects.toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' });
  });

  it('that answers 500 is ModelError with its words', async () => {
    await attach();
    onInvocation = (_, answer) => answer.writeHead(500).end('out of memory');
    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 500,
      OriginalMessage: 'out of memory',
    });
  });

  it('that does not answer is ModelError with OriginalStatusCode 0', async () => {
    await attach();
    onInvocation = () => undefined;
    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
      OriginalMessage: expect.stringContaining('timed out'),
    });
  });

  it('that is gone is ModelError too', async () => {
    await attach();
    container.closeAllConnections();
    container.close();
    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 0,
      OriginalMessage: expect.stringContaining('Failed to establish connection'),
    });
  });

  it.each(['https://127.0.0.1:1', 'file:///etc/passwd', 'nonsense'])('is not attached at %s', (url) => {
    expect(() => stage.sageMaker.addEndpoint({ ...place, url })).toThrow();
  });
});
