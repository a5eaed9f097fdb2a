import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpFailure } from '../../../lib/relay/http.ts';
import { grantId, type Lab, openLab } from '../../support/relay-lab.ts';
import { giveSession } from '../../support/stub-aws.ts';

const prefix = `s3://parent-bucket/grants/${grantId}`;
const places = {
  inputPrefix: `${prefix}/in/`,
  outputPrefix: `s3://parent-bucket/results/grants/${grantId}/out/`,
  failurePrefix: `s3://parent-bucket/failures/grants/${grantId}/out/`,
  outputPathExtension: `grants/${grantId}/out`,
};
const resource = '/endpoints/{alias}/async-invocations';
const uploads = '/endpoints/{alias}/async-uploads';
const results = '/endpoints/{alias}/async-results/{inferenceId}';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
  await lab.subscribe({ async: places });
  lab.aws.respond.sagemaker = (_received, response) => {
    response.writeHead(202, {
      'content-type': 'application/json',
      'x-amzn-sagemaker-outputlocation': `${places.outputPrefix}one.out`,
      'x-amzn-sagemaker-failurelocation': `${places.failurePrefix}one-error.out`,
    });
    response.end('{"InferenceId":"id/1 ü"}');
  };
});
afterEach(() => lab.close());

describe('an asynchronous invocation', () => {
  it('answers as SageMaker does, and has the result put under the grant’s own prefix', async () => {
    const answer = await lab.send({ resource, headers: { 'X-Amzn-SageMaker-Content-Type': 'text/csv' } });
    expect(answer.status).toBe(202);
    expect(answer.headers['x-amzn-sagemaker-outputlocation']).toBe(`${places.outputPrefix}one.out`);
    expect(answer.body.toString()).toBe('{"InferenceId":"id/1 ü"}');
    const [received] = lab.aws.received.sagemaker;
    expect(received?.path).toBe('/endpoints/Iris-Classifier/async-invocations');
    expect(received?.headers).toMatchObject({
      'x-amzn-sagemaker-content-type': 'text/csv',
      'x-amzn-sagemaker-s3outputpathextension': places.outputPathExtension,
    });
  });

  it('leaves a path extension of the caller’s own alone', async () => {
    await lab.send({ resource, headers: { 'X-Amzn-SageMaker-S3OutputPathExtension': 'mine' } });
    expect(lab.aws.received.sagemaker[0]?.headers['x-amzn-sagemaker-s3outputpathextension']).toBe('mine');
  });
});

describe('brokered input', () => {
  it('is a presigned upload into the grant’s own prefix, signed with the share role', async () => {
    const answer = await lab.send({ resource: uploads });
    expect(answer.status).toBe(201);
    const { uploadUrl, inputLocation, method, expiresAt } = JSON.parse(answer.body.toString());
    expect(method).toBe('PUT');
    expect(inputLocation).toMatch(new RegExp(`^${places.inputPrefix}[0-9a-f-]{36}$`));
    const url = new URL(uploadUrl);
    expect(url.pathname).toBe(inputLocation.replace('s3://', '/'));
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^ASIAONE\/\d{8}\/us-east-1\/s3\/aws4_request$/);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
    expect(Date.parse(expiresAt) - lab.now()).toBeLessThanOrEqual(900_000);
  });

  it('is refused in words where the grant brokers none', async () => {
    await lab.subscribe({ alias: 'plain' });
    const answer = await lab.send({ alias: 'plain', resource: uploads });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString()).Message).toContain('brokers no input');
  });
});

describe('a brokered result', () => {
  const read = (inferenceId = encodeURIComponent('id/1 ü'), alias = 'iris') =>
    lab.send({ resource: results, inferenceId, alias, event: { httpMethod: 'GET', body: null } });

  it('is 202 while there is neither output nor failure', async () => {
    await lab.send({ resource });
    const answer = await read();
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body.toString())).toEqual({ InferenceId: 'id/1 ü' });
    expect(lab.aws.received.s3.map(({ path }) => path)).toEqual([
      `/parent-bucket/results/grants/${grantId}/out/one.out`,
      `/parent-bucket/failures/grants/${grantId}/out/one-error.out`,
    ]);
  });

  it('is the model’s bytes under their own type once they are there', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = ({ path }, response) => {
      if (!path.includes('/results/')) return void response.writeHead(403).end();
      response.writeHead(200, { 'content-type': 'image/png' });
      response.end(Buffer.from([0, 255]));
    };
    const answer = await read();
    expect([answer.status, answer.headers['content-type'], [...answer.body]]).toEqual([
      200,
      'image/png',
      [0, 255],
    ]);
  });

  it('may be larger than any answer of a model, and is carried as it comes', async () => {
    await lab.send({ resource });
    const megabyte = Buffer.alloc(1_000_000, 7);
    lab.aws.respond.s3 = async (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-length': 30 * megabyte.length });
      for (let sent = 0; sent < 30; sent += 1)
        if (!response.write(megabyte)) await new Promise((resolve) => response.once('drain', resolve));
      response.end();
    };
    const answer = await read();
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv']);
    expect(answer.body.equals(Buffer.alloc(30_000_000, 7))).toBe(true);
    expect(lab.lines.at(-1)).toMatchObject({ mode: 'asyncResult', outcome: 'ok', BytesOut: 30_000_000 });
  });

  it('that breaks off cuts the connection, so that half of it does not pass for all', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = (_received, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => response.socket?.destroy());
    };
    await expect(read()).rejects.toThrow(HttpFailure);
    expect(lab.lines.at(-1)).toMatchObject({ outcome: 'stream-broken', Failures: 1, BytesOut: 4 });
  });

  it('that is more than Lambda can carry is answered with where else to get it', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = (_received, response) => {
      response.writeHead(200, { 'content-length': 200_000_001 });
      response.flushHeaders();
    };
    const answer = await read();
    expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([413, 'PayloadTooLargeException']);
    expect(JSON.parse(answer.body.toString()).Message).toMatch(/200000001 bytes.*header location/);
    const url = new URL(answer.headers['location'] ?? '');
    expect(url.pathname).toBe(`/parent-bucket/results/grants/${grantId}/out/one.out`);
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^ASIAONE\//);
    expect(Number(url.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(900);
  });

  it('is a ModelError that says why the inference failed, and is counted as one', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = ({ path }, response) =>
      void (path.includes('/failures/') ? response.end('the model broke') : response.writeHead(404).end());
    const answer = await read();
    expect(answer.status).toBe(424);
    expect(answer.headers['x-amzn-errortype']).toBe('ModelError');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ Message: 'the model broke' });
    expect(lab.lines.at(-1)).toMatchObject({ outcome: 'model-error', Failures: 1 });
  });

  const hour = 3_600_000;
  const minute = 60_000;
  it.each([
    ['SageMaker’s own limits', {}, 6 * hour + 15 * minute],
    [
      'the request’s own limits',
      {
        'X-Amzn-SageMaker-RequestTTLSeconds': '60',
        'X-Amzn-SageMaker-InvocationTimeoutSeconds': '120',
      },
      3 * minute,
    ],
  ])('is not waited for in vain: it cannot come any more after %s', async (_whose, headers, ms) => {
    await lab.send({ resource, headers });
    lab.aws.respond.s3 = (_received, response) => void response.writeHead(403).end();
    lab.advance(ms - 10_000);
    expect((await read()).status).toBe(202);
    lab.advance(10_000);
    const answer = await read();
    expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([424, 'ModelError']);
    expect(JSON.parse(answer.body.toString()).Message).toContain(`${places.outputPrefix}one.out`);
  });

  const answerAt = (output: string, failure: string) => {
    lab.aws.respond.sagemaker = (_received, response) => {
      response.writeHead(202, {
        'x-amzn-sagemaker-outputlocation': output,
        'x-amzn-sagemaker-failurelocation': failure,
      });
      response.end('{"InferenceId":"id/1 ü"}');
    };
  };

  it.each([
    's3://their-bucket/one.out',
    `${prefix}-other/one.out`,
    's3://parent-bucket/results/mine/one.out',
    ...['../../other/out/one.out', './one.out', 'a/..', '%2e%2E/one.out', '.%2e/one.out', '%2E/one.out'].map(
      (up) => `${places.outputPrefix}${up}`,
    ),
  ])('that is to lie at %s is refused at once, with where it will be', async (output) => {
    answerAt(output, 's3://their-bucket/one-error.out');
    await lab.send({ resource });
    const answer = await read();
    expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([400, 'ValidationError']);
    expect(JSON.parse(answer.body.toString()).Message).toContain(`OutputLocation, ${output}`);
    expect(lab.aws.received.s3).toEqual([]);
  });

  it('may lie at a name that has dots and is no way up', async () => {
    answerAt(`${places.outputPrefix}..one/..../two..out`, `${places.failurePrefix}../other/error.out`);
    await lab.send({ resource });
    expect((await read()).status).toBe(202);
    // The failure’s place does lead up.
    expect(lab.aws.received.s3.map(({ path }) => path)).toEqual([
      `/parent-bucket/results/grants/${grantId}/out/..one/..../two..out`,
    ]);
  });

  it('is refused at once where the grant brokers none', async () => {
    await lab.subscribe({ alias: 'plain' });
    await lab.send({ alias: 'plain', resource });
    expect((await read(undefined, 'plain')).status).toBe(400);
    expect(lab.aws.received.s3).toEqual([]);
  });

  it('is not looked for among failures that the grant does not let the relay read', async () => {
    answerAt(`${places.outputPrefix}one.out`, 's3://their-bucket/one-error.out');
    await lab.send({ resource });
    expect((await read()).status).toBe(202);
    expect(lab.aws.received.s3).toHaveLength(1);
  });

  it('that S3 does not give may be asked for again, and nothing is said of the model', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = (_received, response) =>
      void response.writeHead(503).end('<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>');
    const slow = await read();
    expect([slow.status, JSON.parse(slow.body.toString())]).toEqual([
      503,
      { Message: 'S3 answered SlowDown.' },
    ]);
    lab.aws.respond.s3 = (_received, response) => void response.socket?.destroy();
    const cut = await read();
    expect(cut.status).toBe(503);
    expect(cut.body.toString()).not.toContain('did not run');
  });

  describe('for a session that S3 knows no more', () => {
    const say = (response: ServerResponse, status: number, code: string) =>
      void response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
    const staleFor = (isRefused: (authorization: string) => boolean, status: number, code: string) => {
      let found = '';
      lab.aws.respond.sts = (_received, response, count) => giveSession(response, lab.now(), `N${count}`);
      lab.aws.respond.s3 = ({ path, headers }, response) => {
        if (isRefused(headers.authorization ?? '')) say(response, status, code);
        else if (path.includes(found)) response.end('result');
        else say(response, 404, 'NoSuchKey');
      };
      return {
        onlyIn(part: string) {
          found = part;
        },
      };
    };
    const codes: [number, string][] = [
      [403, 'InvalidAccessKeyId'],
      [400, 'ExpiredToken'],
      [400, 'InvalidToken'],
    ];

    it.each(codes)('(%i %s) is read with a new one', async (status, code) => {
      staleFor((authorization) => authorization.includes('ASIAN1/'), status, code);
      await lab.send({ resource });
      const answer = await read();
      expect([answer.status, String(answer.body)]).toEqual([200, 'result']);
      expect([lab.aws.received.sts.length, lab.aws.received.s3.length]).toEqual([2, 2]);
    });

    it('is looked for among failures with the new one, too', async () => {
      staleFor((authorization) => authorization.includes('ASIAN1/'), 400, 'ExpiredToken').onlyIn(
        '/failures/',
      );
      await lab.send({ resource });
      expect((await read()).status).toBe(424);
      expect([lab.aws.received.sts.length, lab.aws.received.s3.length]).toEqual([2, 3]);
    });

    it.each(codes)(
      '(%i %s) is not said to be under way when it refuses the new one as well',
      async (status, code) => {
        staleFor(() => true, status, code);
        await lab.send({ resource });
        const answer = await read();
        expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
          503,
          { Message: `S3 answered ${code}.` },
        ]);
        expect([lab.aws.received.sts.length, lab.aws.received.s3.length]).toEqual([2, 2]);
      },
    );

    it.each([
      [403, 'AccessDenied', 202],
      [404, 'NoSuchKey', 202],
      [404, 'NoSuchBucket', 503],
      [403, 'SignatureDoesNotMatch', 503],
    ])('is told from one that is not there yet: %i %s is %i', async (status, code, answered) => {
      staleFor(() => true, status, code);
      await lab.send({ resource });
      expect((await read()).status).toBe(answered);
      expect(lab.aws.received.sts).toHaveLength(1);
    });
  });

  it('is not there for another alias, another id, or after a week', async () => {
    await lab.send({ resource });
    await lab.subscribe({ alias: 'other', async: places });
    expect((await read(encodeURIComponent('id/1 ü'), 'other')).status).toBe(404);
    expect((await read('unheard-of')).status).toBe(404);
    lab.advance(7 * 86_400_000 + 1_000);
    expect((await read()).status).toBe(404);
  });

  it('does not fail an inference whose place could not be stored', async () => {
    await lab.send({ resource });
    await lab.breakTable();
    expect((await lab.send({ resource })).status).toBe(202);
    expect(lab.lines.some(({ level }) => level === 'WARN')).toBe(true);
  });
});
