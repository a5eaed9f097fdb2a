import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Departure } from '../../../lib/relay/http.ts';
import { type Lab, openLab } from '../../support/relay-lab.ts';
import { giveSession, refuse } from '../../support/stub-aws.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
  await lab.subscribe();
});
afterEach(() => lab.close());

const keysOfAll = () =>
  lab.aws.received.sagemaker.map(
    ({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1],
  );
const failing = (times: number, code: string, status: number) => {
  lab.aws.respond.sagemaker = (_received, response, count) =>
    count <= times ? refuse(response, code, status) : void response.end('fine');
};

describe('what is sent again', () => {
  it.each([
    ['ThrottlingException', 400],
    ['ModelNotReadyException', 429],
    ['ServiceUnavailable', 503],
  ])('%s, because the model did not run', async (code, status) => {
    failing(2, code, status);
    const answer = await lab.send();
    expect(answer.status).toBe(200);
    expect(answer.headers['x-sharemaker-attempts']).toBe('3');
    expect(lab.lines[0]).toMatchObject({ Attempts: 3, outcome: 'ok' });
  });

  it('a refusal that slow IAM explains, once and with another session', async () => {
    lab.aws.respond.sts = (_received, response, count) => giveSession(response, lab.now(), `N${count}`);
    failing(1, 'AccessDeniedException', 403);
    const answer = await lab.send();
    expect([answer.status, answer.body.toString()]).toEqual([200, 'fine']);
    expect(answer.headers['x-sharemaker-attempts']).toBe('2');
    expect(lab.lines[0]).toMatchObject({ Attempts: 2, outcome: 'ok' });
    expect(keysOfAll()).toEqual(['ASIAN1', 'ASIAN2']);
  });

  it.each(['AccessDeniedException', 'AccessDenied', 'UnrecognizedClientException', 'ExpiredTokenException'])(
    'a lasting %s exactly once',
    async (code) => {
      failing(9, code, 403);
      const answer = await lab.send();
      expect([answer.status, answer.headers['x-sharemaker-attempts']]).toEqual([403, '2']);
      expect(lab.aws.received.sagemaker).toHaveLength(2);
      expect(lab.lines[0]).toMatchObject({ Attempts: 2, outcome: 'denied' });
    },
  );

  it('a refusal under the subscription’s new terms, where another environment has stored such', async () => {
    failing(0, '', 0);
    await lab.send();
    const before = lab.aws.received.sagemaker.length;
    await lab.subscribe({
      version: 2,
      externalId: 'external-id-two',
      endpoint: { name: 'Iris-Two', region: 'us-east-1' },
    });
    failing(before + 1, 'AccessDeniedException', 403);
    expect((await lab.send()).status).toBe(200);
    expect(lab.aws.received.sagemaker.slice(before).map(({ path }) => path)).toEqual([
      '/endpoints/Iris-Classifier/invocations',
      '/endpoints/Iris-Two/invocations',
    ]);
    expect(
      lab.aws.received.sts.map(({ body }) => new URLSearchParams(body.toString()).get('ExternalId')),
    ).toEqual(['external-id-one', 'external-id-two']);
    expect(lab.aws.received['execute-api']).toEqual([]);
  });

  it('three times at most, and then answers with SageMaker’s own answer', async () => {
    failing(9, 'ModelNotReadyException', 429);
    const answer = await lab.send();
    expect(answer.status).toBe(429);
    expect(answer.headers['x-amzn-errortype']).toBe('ModelNotReadyException');
    expect(lab.aws.received.sagemaker).toHaveLength(3);
    expect(lab.lines[0]).toMatchObject({ outcome: 'throttled' });
  });

  it('never what may have run', async () => {
    for (const [code, status] of [
      ['InternalFailure', 500],
      ['ModelError', 424],
      ['InternalDependencyException', 530],
      ['ValidationError', 400],
      ['SomethingNew', 500],
    ] as const) {
      const before = lab.aws.received.sagemaker.length;
      lab.aws.respond.sagemaker = (_received, response) => refuse(response, code, status);
      expect((await lab.send()).status).toBe(status);
      expect(lab.aws.received.sagemaker.length - before).toBe(1);
    }
  });

  it('nothing beyond the caller’s deadline', async () => {
    failing(9, 'ServiceUnavailable', 503);
    const answer = await lab.send({ remainingMs: 1_050 });
    expect(answer.status).toBe(503);
    expect(lab.aws.received.sagemaker).toHaveLength(1);
  });

  it('no broken connection, and says that the model may have run', async () => {
    lab.aws.respond.sagemaker = (_received, response) => void response.socket?.destroy();
    const answer = await lab.send();
    expect(answer.status).toBe(530);
    expect(answer.headers['x-amzn-errortype']).toBe('InternalDependencyException');
    expect(answer.body.toString()).toContain('may have run');
    expect(lab.aws.received.sagemaker).toHaveLength(1);
  });

  it('no answer that broke off in the middle', async () => {
    lab.aws.respond.sagemaker = (_received, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => response.socket?.destroy());
    };
    expect((await lab.send()).status).toBe(530);
    expect(lab.aws.received.sagemaker).toHaveLength(1);
  });

  it('no timeout: 424, which no SDK repeats, in words', async () => {
    lab.aws.respond.sagemaker = () => undefined;
    const answer = await lab.send({ remainingMs: 1_150 });
    expect(answer.status).toBe(424);
    const body = JSON.parse(answer.body.toString());
    expect(body).toMatchObject({ OriginalStatusCode: 0 });
    expect(body.Message).toMatch(/did not answer within 0\.\d s.*may have run/);
    expect(lab.lines).toContainEqual(expect.objectContaining({ outcome: 'timeout', Failures: 1 }));
  });

  const operations = ['invocations', 'invocations-response-stream', 'async-invocations'];
  const silences: Record<string, (response: ServerResponse) => void> = {
    'never answers': () => undefined,
    'begins an answer that never ends': (response) => {
      response.writeHead(424, { 'content-length': 100 });
      response.write('half');
    },
  };
  const silent = operations.flatMap((operation) =>
    Object.entries(silences).map(([what, respond]) => [what, operation, respond] as const),
  );
  it.each(silent)(
    'where the model %s (%s): at the deadline the caller hears that it may have run',
    async (...given) => {
      const [, operation, respond] = given;
      let isCut = false;
      lab.aws.respond.sagemaker = (_received, response) => {
        response.once('close', () => {
          isCut = true;
        });
        respond(response);
      };
      const startedAt = performance.now();
      const answer = await lab.send({ resource: `/endpoints/{alias}/${operation}`, remainingMs: 1_150 });
      // One second of what remains is kept for the answer’s own way.
      expect(performance.now() - startedAt).toBeLessThan(1_150);
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([424, 'ModelError']);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        Message: expect.stringMatching(
          /^Endpoint Iris-Classifier did not answer within 0\.\d s\. The model may have run\.$/,
        ),
        OriginalStatusCode: 0,
      });
      expect(answer.headers['x-sharemaker-attempts']).toBe('1');
      expect(lab.aws.received.sagemaker).toHaveLength(1);
      expect(lab.lines.at(-1)).toMatchObject({ outcome: 'timeout', Failures: 1 });
      // Whatever still came would be computed for nobody.
      await expect.poll(() => isCut).toBe(true);
    },
  );

  it('a request that could not be connected, as that never reached the model', async () => {
    const gone = await openLab();
    await gone.close();
    lab.coldStart({ AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: gone.aws.url });
    const answer = await lab.send();
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toContain('nothing was sent to the model');
    expect(answer.headers['x-sharemaker-attempts']).toBe('3');
  });
});

describe('the circuit breaker', () => {
  const fail = (on: boolean) => {
    lab.aws.respond.sagemaker = (_received, response) =>
      on ? refuse(response, 'InternalFailure', 500) : void response.end('fine');
  };

  it('opens after ten failures in a row, says so, and lets one call try after a while', async () => {
    fail(true);
    for (let request = 0; request < 10; request += 1) expect((await lab.send()).status).toBe(500);
    const open = await lab.send();
    expect(open.status).toBe(503);
    expect(open.headers).toMatchObject({ 'x-sharemaker-circuit': 'open', 'retry-after': '10' });
    expect(open.body.toString()).toMatch(/failed 10 times in a row/);
    expect(lab.aws.received.sagemaker).toHaveLength(10);
    lab.advance(10_000);
    expect((await lab.send()).status).toBe(500);
    expect((await lab.send()).status).toBe(503);
    lab.advance(10_000);
    fail(false);
    expect((await lab.send()).status).toBe(200);
    expect((await lab.send()).status).toBe(200);
  });

  it('does not open for bad input, throttles or model errors', async () => {
    for (const [code, status] of [
      ['ValidationError', 400],
      ['ModelError', 424],
      ['ThrottlingException', 400],
    ] as const) {
      lab.aws.respond.sagemaker = (_received, response) =>
        refuse(response, code, status, { Message: '"OriginalStatusCode":0', OriginalStatusCode: 500 });
      for (let request = 0; request < 12; request += 1) expect((await lab.send()).status).toBe(status);
    }
  });

  it('opens when the model does not answer at all, however SageMaker calls it', async () => {
    lab.aws.respond.sagemaker = (_received, response) =>
      refuse(response, 'ModelError', 424, {
        Message: 'Your invocation timed out while waiting for a response from container.',
        OriginalStatusCode: 0,
      });
    for (let request = 0; request < 10; request += 1) expect((await lab.send()).status).toBe(424);
    expect((await lab.send()).headers).toMatchObject({ 'x-sharemaker-circuit': 'open' });
  });

  describe('of streams', () => {
    const resource = '/endpoints/{alias}/invocations-response-stream';
    type End = (response: ServerResponse, departure: Departure) => void;
    const well: End = (response) => response.end();
    const broken: End = (response) => response.socket?.destroy();
    const left: End = (_response, departure) => {
      departure.isGone = true;
      departure.onGone?.();
    };
    const statusOf = async (end: End, remainingMs = 60_000) => {
      const departure: Departure = { isGone: false, onGone: undefined };
      lab.aws.respond.sagemaker = (_received, response) => {
        response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
        response.flushHeaders();
        upstream = response;
      };
      let upstream: ServerResponse | undefined;
      const out = new PassThrough();
      // Its headers leave with the first write, however empty.
      const write = out.write.bind(out) as (bytes: unknown) => boolean;
      out.write = (bytes: unknown) => {
        if (upstream) end(upstream, departure);
        upstream = undefined;
        return write(bytes);
      };
      return (await lab.send({ resource, remainingMs }, departure, out)).status;
    };
    const times = async (count: number, end: End, remainingMs?: number) => {
      for (let stream = 0; stream < count; stream += 1) expect(await statusOf(end, remainingMs)).toBe(200);
    };

    it('opens after ten in a row that broke after they had begun', async () => {
      await times(10, broken);
      expect(await statusOf(well)).toBe(503);
      expect(lab.aws.received.sagemaker).toHaveLength(10);
      lab.advance(10_000);
      await times(2, well);
    });

    it('opens after ten in a row that did not end in time', async () => {
      await times(10, () => undefined, 1_150);
      expect(await statusOf(well)).toBe(503);
    });

    it('does not open for streams that ended well, nor for callers that left', async () => {
      await times(11, well);
      await times(11, left);
      await times(1, well);
    });

    it('begins to count anew after a stream that ended well, but not after a caller that left', async () => {
      await times(9, broken);
      await times(1, well);
      await times(9, broken);
      await times(1, left);
      await times(1, broken);
      expect(await statusOf(well)).toBe(503);
    });

    it('lets others try as soon as a stream has begun', async () => {
      await times(10, broken);
      lab.advance(10_000);
      let second: Promise<number> | undefined;
      const first = statusOf((response) => {
        second = statusOf(well).finally(() => response.end());
      });
      expect([await first, await second]).toEqual([200, 200]);
    });
  });

  it('lets only one call try at a time', async () => {
    fail(true);
    for (let request = 0; request < 10; request += 1) await lab.send();
    lab.advance(10_000);
    const before = lab.aws.received.sagemaker.length;
    const answers = await Promise.all(Array.from({ length: 5 }, () => lab.send()));
    expect(answers.map(({ status }) => status).sort()).toEqual([500, 503, 503, 503, 503]);
    expect(lab.aws.received.sagemaker.length - before).toBe(1);
  });
});

describe('the cap on concurrency', () => {
  it('holds over environments that know nothing of each other, and frees its slots', async () => {
    await lab.subscribe({ alias: 'capped', limits: { concurrency: 2 } });
    const waiting: (() => void)[] = [];
    lab.aws.respond.sagemaker = (_received, response) => void waiting.push(() => response.end('fine'));
    const first = lab.send({ alias: 'capped' });
    lab.coldStart();
    const second = lab.send({ alias: 'capped' });
    await expect.poll(() => waiting.length).toBe(2);
    lab.coldStart();
    const third = await lab.send({ alias: 'capped' });
    expect(third.status).toBe(429);
    expect(third.headers).toMatchObject({ 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '1' });
    for (const release of waiting) release();
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
    lab.aws.respond.sagemaker = (_received, response) => void response.end('fine');
    expect((await lab.send({ alias: 'capped' })).status).toBe(200);
  });

  it('gets back the slots of an environment that died', async () => {
    await lab.subscribe({ alias: 'capped', limits: { concurrency: 1 } });
    let die = () => undefined as unknown;
    lab.aws.respond.sagemaker = (_received, response) => {
      die = () => response.destroy();
    };
    const abandoned = lab.send({ alias: 'capped', remainingMs: 5_000 });
    await expect.poll(() => lab.aws.received.sagemaker.length).toBe(1);
    lab.coldStart();
    expect((await lab.send({ alias: 'capped' })).status).toBe(429);
    lab.advance(6_000);
    lab.aws.respond.sagemaker = (_received, response) => void response.end('fine');
    expect((await lab.send({ alias: 'capped' })).status).toBe(200);
    die();
    await abandoned;
  });
});
