import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { caller, grantId, type Lab, openLab } from '../../support/relay-lab.ts';
import { refuse } from '../../support/stub-aws.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
  await lab.subscribe();
});
afterEach(() => lab.close());

describe('a synchronous invocation', () => {
  it('answers with what SageMaker answered: status, headers and bytes', async () => {
    const bytes = Buffer.from([0, 255, 1, 254, 13, 10]);
    lab.aws.respond.sagemaker = (_received, response) => {
      response.writeHead(200, {
        'Content-Type': 'image/png',
        'x-Amzn-Invoked-Production-Variant': 'blue',
        'X-Amzn-SageMaker-New-Session-Id': 's1; Expires=2027-01-01T00:00:00Z',
      });
      response.end(bytes);
    };
    const answer = await lab.send();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'x-amzn-invoked-production-variant': 'blue',
      'x-amzn-sagemaker-new-session-id': 's1; Expires=2027-01-01T00:00:00Z',
      'x-sharemaker-attempts': '1',
    });
    expect(answer.headers['server-timing']).toMatch(/^relay;dur=\d+\.\d+, model;dur=\d+\.\d+$/);
    expect(answer.body).toEqual(bytes);
  });

  it('sends the bytes and the headers that SageMaker knows, under the endpoint name in its own case', async () => {
    await lab.send({
      headers: {
        accept: 'application/json',
        'X-Amzn-SageMaker-Target-Model': 'tenant-a/churn.tar.gz',
        'X-Amzn-SageMaker-Filename': 'not-for-sync',
        'x-forwarded-for': '10.0.0.1',
        authorization: "the caller's own signature",
      },
      body: Buffer.from([1, 2, 3]),
    });
    const [received] = lab.aws.received.sagemaker;
    expect(received?.path).toBe('/endpoints/Iris-Classifier/invocations');
    expect(received?.body).toEqual(Buffer.from([1, 2, 3]));
    expect(received?.headers).toMatchObject({
      'content-type': 'text/csv',
      accept: 'application/json',
      'x-amzn-sagemaker-target-model': 'tenant-a/churn.tar.gz',
    });
    expect(received?.headers).not.toHaveProperty('x-amzn-sagemaker-filename');
    expect(received?.headers).not.toHaveProperty('x-forwarded-for');
    expect(received?.headers.authorization).toContain('ASIAONE');
  });

  it('counts one line of usage, with who called and no payload', async () => {
    await lab.send({ body: 'secret-payload' });
    expect(lab.lines).toHaveLength(1);
    expect(lab.lines[0]).toMatchObject({
      alias: 'iris',
      grantId,
      mode: 'sync',
      caller,
      outcome: 'ok',
      status: 200,
      Invocations: 1,
      Failures: 0,
      BytesIn: 14,
      BytesOut: 14,
      Attempts: 1,
    });
    expect(JSON.stringify(lab.lines)).not.toMatch(/secret-payload|external-id|relay-secret/);
  });

  it('passes a model error on with its own fields and does not repeat it', async () => {
    const fields = {
      Message: 'Received client error (400) from primary',
      OriginalStatusCode: 400,
      OriginalMessage: 'bad',
      LogStreamArn: 'arn',
    };
    lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'ModelError', 424, fields);
    const answer = await lab.send();
    expect(answer.status).toBe(424);
    expect(answer.headers['x-amzn-errortype']).toBe('ModelError');
    expect(JSON.parse(answer.body.toString())).toEqual(fields);
    expect(lab.aws.received.sagemaker).toHaveLength(1);
    expect(lab.lines[0]).toMatchObject({ outcome: 'model-error', Failures: 1 });
  });

  it('answers an empty body with an empty body', async () => {
    const answer = await lab.send({ event: { body: null } });
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(0);
  });
});
