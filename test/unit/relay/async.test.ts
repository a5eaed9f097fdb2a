import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grantId, type Lab, openLab } from '../../support/relay-lab.ts';

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

  it('is a ModelError that says why the inference failed', async () => {
    await lab.send({ resource });
    lab.aws.respond.s3 = ({ path }, response) =>
      void (path.includes('/failures/') ? response.end('the model broke') : response.writeHead(404).end());
    const answer = await read();
    expect(answer.status).toBe(424);
    expect(answer.headers['x-amzn-errortype']).toBe('ModelError');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ Message: 'the model broke' });
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
