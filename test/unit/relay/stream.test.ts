import type { ServerResponse } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Departure } from '../../../lib/relay/http.ts';
import { answerWithinMs, silenceMsMax } from '../../../lib/relay/limits.ts';
import { carryStream, nativeFraming } from '../../../lib/relay/stream.ts';
import { type Lab, openLab } from '../../support/relay-lab.ts';
import { refuse } from '../../support/stub-aws.ts';

// AWS's own codec, so that our frames are not judged by our decoder.
const codec = new EventStreamCodec(toUtf8, fromUtf8);
const part = (text: string | Uint8Array) =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: 'PayloadPart' },
      ':content-type': { type: 'string', value: 'application/octet-stream' },
    },
    body: typeof text === 'string' ? Buffer.from(text) : text,
  });
const exception = (name: string, fields: object) =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'exception' },
      ':exception-type': { type: 'string', value: name },
      ':content-type': { type: 'string', value: 'application/json' },
    },
    body: Buffer.from(JSON.stringify(fields)),
  });

const resource = '/endpoints/{alias}/invocations-response-stream';
const stream = (accept?: string) => ({ resource, headers: accept ? { accept } : {} });

let lab: Lab;
let upstream: ServerResponse | undefined;
beforeEach(async () => {
  upstream = undefined;
  lab = await openLab();
  await lab.subscribe();
});
afterEach(() => lab.close());

const begin = (contentType = 'text/plain', first?: Uint8Array) => {
  lab.aws.respond.sagemaker = (_received, response) => {
    upstream = response;
    response.writeHead(200, {
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-sagemaker-content-type': contentType,
    });
    if (first) response.write(first);
    else response.flushHeaders();
  };
};
const streamed = (contentType: string, ...frames: Uint8Array[]) => {
  lab.aws.respond.sagemaker = (_received, response) => {
    response.writeHead(200, {
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-sagemaker-content-type': contentType,
    });
    for (const frame of frames) response.write(frame);
    response.end();
  };
};

function framesOf(bytes: Buffer): { type: string; text: string }[] {
  const frames: { type: string; text: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const { headers, body } = codec.decode(bytes.subarray(at, at + length));
    const type = headers[':event-type'] ?? headers[':exception-type'];
    frames.push({ type: String(type?.value), text: Buffer.from(body).toString() });
    at += length;
  }
  return frames;
}

describe('a response stream, as SageMaker sends it', () => {
  it('comes byte for byte, with its headers', async () => {
    const frames = ['one', 'two', ''].map(part);
    streamed('application/jsonlines', ...frames);
    const answer = await lab.send(stream());
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-sagemaker-content-type': 'application/jsonlines',
    });
    expect(answer.body).toEqual(Buffer.concat(frames));
    expect(lab.lines[0]).toMatchObject({ mode: 'stream', outcome: 'ok', BytesOut: answer.body.length });
  });

  it('reaches the caller before the model has finished', async () => {
    begin('text/plain', part('first'));
    const out = new PassThrough();
    const answered = lab.send(stream(), undefined, out);
    const [first] = (await Promise.race([once(out), answered])) as [Buffer];
    expect(framesOf(first)).toEqual([{ type: 'PayloadPart', text: 'first' }]);
    upstream?.end(part('last'));
    expect((await answered).status).toBe(200);
  });

  it('comes whole however the network cuts it', async () => {
    const bytes = Buffer.concat([part('a'.repeat(300)), part('b'), part('c'.repeat(5))]);
    for (const size of [1, 7, 11, 12, 13, 100]) {
      streamed(
        'text/plain',
        ...Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        ),
      );
      expect((await lab.send(stream())).body).toEqual(bytes);
    }
  });

  it('ends in an exception of SageMaker’s own when the connection breaks, without half a frame before it', async () => {
    begin();
    const answered = lab.send(stream());
    await expect.poll(() => upstream !== undefined).toBe(true);
    upstream?.write(part('whole'));
    upstream?.write(part('cut in two').subarray(0, 20));
    setImmediate(() => upstream?.socket?.destroy());
    const frames = framesOf((await answered).body);
    expect(frames.map(({ type }) => type)).toEqual(['PayloadPart', 'ModelStreamError']);
    expect(JSON.parse(frames[1]?.text ?? '')).toMatchObject({ ErrorCode: 'StreamBroken' });
    expect(lab.lines[0]).toMatchObject({ outcome: 'stream-broken', Failures: 1 });
  });

  it('is cut off at the deadline, and says so in band', async () => {
    begin('text/plain', part('first'));
    const frames = framesOf((await lab.send({ ...stream(), remainingMs: 1_200 })).body);
    expect(JSON.parse(frames.at(-1)?.text ?? '')).toMatchObject({ ErrorCode: 'ModelInvocationTimeExceeded' });
    expect(lab.lines[0]).toMatchObject({ outcome: 'timeout' });
  });

  it('passes the model’s own in-band failure on and counts it', async () => {
    const frames = [
      part('first'),
      exception('ModelStreamError', { Message: 'm', ErrorCode: 'StreamBroken' }),
    ];
    streamed('text/plain', ...frames);
    expect((await lab.send(stream())).body).toEqual(Buffer.concat(frames));
    expect(lab.lines[0]).toMatchObject({ outcome: 'model-error' });
  });

  it('ends in the model’s own exception alone when the connection breaks after it', async () => {
    const own = [part('first'), exception('ModelStreamError', { Message: 'm', ErrorCode: 'StreamBroken' })];
    begin();
    const answered = lab.send(stream());
    await expect.poll(() => upstream !== undefined).toBe(true);
    for (const frame of own) upstream?.write(frame);
    setImmediate(() => upstream?.socket?.destroy());
    expect((await answered).body).toEqual(Buffer.concat(own));
    expect(lab.lines[0]).toMatchObject({ outcome: 'model-error' });
  });

  it('does not outlast the silence that API Gateway bears: it ends in band', async () => {
    const out = new PassThrough();
    let isCut = false;
    const silent = {
      receive() {},
      pause() {},
      resume() {},
      cut() {
        isCut = true;
      },
    };
    const { outcome } = await carryStream({
      stream: silent,
      out,
      framing: nativeFraming(),
      timeoutMs: 60_000,
      silenceMs: 5,
      departure: { isGone: false, onGone: undefined },
    });
    expect(outcome).toBe('timeout');
    const [frame] = framesOf(out.read() as Buffer);
    expect(JSON.parse(frame?.text ?? '')).toMatchObject({ ErrorCode: 'ModelInvocationTimeExceeded' });
    expect(isCut).toBe(true);
    // "Response streaming": five minutes.
    expect(silenceMsMax).toBeLessThan(300_000);
    expect(answerWithinMs.stream).toBeLessThan(300_000);
  });

  it('that is no event stream at all ends in an exception, not in a crash', async () => {
    streamed('text/plain', Buffer.from('<html>this is a proxy, not SageMaker</html>'));
    expect(framesOf((await lab.send(stream())).body).map(({ type }) => type)).toEqual(['ModelStreamError']);
  });

  it('stops upstream when the caller leaves, and counts what was sent', async () => {
    begin('text/plain', part('first'));
    const departure: Departure = { isGone: false, onGone: undefined };
    const out = new PassThrough();
    const answered = lab.send(stream(), departure, out);
    await once(out);
    const stopped = new Promise((resolve) => upstream?.once('close', resolve));
    departure.isGone = true;
    departure.onGone?.();
    await stopped;
    await answered;
    expect(lab.lines[0]).toMatchObject({ outcome: 'client-left', BytesOut: part('first').length });
  });

  it('stops upstream when the caller leaves before the model has said anything', async () => {
    let hasStopped = false;
    lab.aws.respond.sagemaker = (_received, response) =>
      void response.once('close', () => {
        hasStopped = true;
      });
    const departure: Departure = { isGone: false, onGone: undefined };
    const answered = lab.send(stream(), departure);
    await expect.poll(() => lab.aws.received.sagemaker.length).toBe(1);
    departure.isGone = true;
    departure.onGone?.();
    await answered;
    await expect.poll(() => hasStopped).toBe(true);
    expect(lab.lines).toContainEqual(expect.objectContaining({ outcome: 'client-left' }));
  });

  it('waits for a caller that reads slowly', async () => {
    const frame = part(Buffer.alloc(1_000_000));
    begin();
    let isSlow = true;
    let bytesTaken = 0;
    const held: (() => void)[] = [];
    const out = new Writable({
      highWaterMark: 1_000,
      write(chunk: Buffer, _encoding, done) {
        bytesTaken += chunk.length;
        if (isSlow) held.push(done);
        else done();
      },
    });
    const answered = lab.send(stream(), undefined, out);
    await expect.poll(() => upstream !== undefined).toBe(true);
    for (let frames = 0; frames < 30; frames += 1) upstream?.write(frame);
    upstream?.end();
    await expect.poll(() => held.length).toBe(1);
    // What is not taken stays with the sender.
    expect(upstream?.writableLength).toBeGreaterThan(10_000_000);
    expect(bytesTaken).toBeLessThan(5_000_000);
    isSlow = false;
    for (const release of held) release();
    await answered;
    await new Promise<void>((resolve) => out.end(resolve));
    expect(bytesTaken).toBe(30 * frame.length);
    expect(lab.lines[0]).toMatchObject({ outcome: 'ok' });
  });

  it('that never began is an error of the right shape', async () => {
    lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'ValidationError', 400);
    const answer = await lab.send(stream('text/event-stream'));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/json');
  });
});

describe('a response stream as server-sent events', () => {
  it('carries text as data lines and says when it is done', async () => {
    streamed('text/plain', part('Once upon'), part(' a\ntime'));
    const answer = await lab.send(stream('text/event-stream'));
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(answer.body.toString()).toBe('data: Once upon\n\ndata:  a\ndata: time\n\nevent: done\ndata: \n\n');
  });

  it('does not break a character that the network has cut', async () => {
    const bytes = Buffer.from('Grüße 🌷');
    streamed('application/json', ...Array.from(bytes, (byte) => part(Uint8Array.of(byte))));
    const answer = await lab.send(stream('text/event-stream'));
    const text = answer.body
      .toString()
      .split('\n\n')
      .map((event) => event.replace(/^data: /, ''));
    expect(text.slice(0, -2).join('')).toBe('Grüße 🌷');
  });

  it('leaves a model’s own events as they are', async () => {
    const own = 'data: {"token":"a"}\n\ndata: [DONE]\n\n';
    streamed('text/event-stream', part(own.slice(0, 9)), part(own.slice(9)));
    expect((await lab.send(stream('application/json, text/event-stream'))).body.toString()).toBe(own);
  });

  it('ends what a model’s own event left open before it says that the stream broke', async () => {
    streamed('text/event-stream', part('data: ha'), exception('InternalStreamFailure', { Message: 'no' }));
    expect((await lab.send(stream('text/event-stream'))).body.toString()).toBe(
      'data: ha\n\nevent: error\ndata: {"code":"InternalStreamFailure","Message":"no"}\n\n',
    );
  });

  it('takes a line break that the network has cut for one', async () => {
    streamed('text/plain', part('a\r'), part('\nb\r'), part('c\r'));
    expect((await lab.send(stream('text/event-stream'))).body.toString()).toBe(
      'data: a\n\ndata: \ndata: b\n\ndata: \ndata: c\n\ndata: \ndata: \n\nevent: done\ndata: \n\n',
    );
  });

  it('shows that the text ended within a character', async () => {
    streamed('text/plain', part('x'), part(Buffer.from('🌷').subarray(0, 2)));
    expect((await lab.send(stream('text/event-stream'))).body.toString()).toBe(
      'data: x\n\ndata: \ufffd\n\nevent: done\ndata: \n\n',
    );
  });

  it.each([
    ['text/plain; charset=iso-8859-1', 'ü', Uint8Array.of(0xfc)],
    ['text/plain; format=flowed; charset="utf-16le"', 'ü', Uint8Array.of(0xfc, 0)],
    ['text/csv;charset=UTF-8', 'ü', Buffer.from('ü')],
    ['application/jsonl', '{"a":1}', Buffer.from('{"a":1}')],
    ['application/ndjson', '{"a":1}', Buffer.from('{"a":1}')],
    ['application/x-ndjson', '{"a":1}', Buffer.from('{"a":1}')],
    ['application/vnd.api+json', '{"a":1}', Buffer.from('{"a":1}')],
  ])('reads %s as the text it is', async (contentType, text, bytes) => {
    streamed(contentType, part(bytes));
    const { body } = await lab.send(stream('text/event-stream'));
    expect(body.toString()).toBe(`data: ${text}\n\nevent: done\ndata: \n\n`);
  });

  it.each(['text/plain; charset=klingon', 'application/octet-stream', 'application/jsonpath', ''])(
    'does not take %s for text',
    async (contentType) => {
      streamed(contentType, part('x'));
      const { body } = await lab.send(stream('text/event-stream'));
      expect(body.toString()).toBe('event: bytes\ndata: eA==\n\nevent: done\ndata: \n\n');
    },
  );

  it('carries what is not text as base64', async () => {
    streamed('image/png', part(Uint8Array.of(0, 255)));
    const { body } = await lab.send(stream('text/event-stream'));
    expect(body.toString()).toBe('event: bytes\ndata: AP8=\n\nevent: done\ndata: \n\n');
  });

  it('says a break as an error event and never as done', async () => {
    streamed('text/plain', part('x'), exception('InternalStreamFailure', { Message: 'no' }));
    const answer = await lab.send(stream('text/event-stream'));
    expect(answer.body.toString()).toBe(
      'data: x\n\nevent: error\ndata: {"code":"InternalStreamFailure","Message":"no"}\n\n',
    );
  });

  it('does not trust a damaged frame', async () => {
    const damaged = Buffer.from(part('hello'));
    damaged[damaged.length - 6] = 0;
    streamed('text/plain', damaged);
    const { body } = await lab.send(stream('text/event-stream'));
    expect(body.toString()).toContain('event: error');
    expect(body.toString()).not.toContain('hell');
  });
});

function once(out: PassThrough): Promise<[Buffer]> {
  return new Promise((resolve) => out.once('data', (chunk: Buffer) => resolve([chunk])));
}
