/** What a caller of the child's API may try through an alias: another grant's results, another path, another header. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { grantId, type Lab, openLab, roleArn } from '../support/relay-lab.ts';

const resource = '/endpoints/{alias}/async-invocations';
const results = '/endpoints/{alias}/async-results/{inferenceId}';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

it('finds no result of the grant that an alias stood for before', async () => {
  const async = {
    inputPrefix: 's3://parent-bucket/in/',
    outputPrefix: 's3://parent-bucket/out/',
    outputPathExtension: 'out',
  };
  await lab.subscribe({ async });
  lab.aws.respond.sagemaker = (_received, response) => {
    response.writeHead(202, { 'x-amzn-sagemaker-outputlocation': 's3://parent-bucket/out/one.out' });
    response.end('{"InferenceId":"one"}');
  };
  lab.aws.respond.s3 = (_received, response) => void response.end('secret');
  await lab.send({ resource });
  expect((await lab.send({ resource: results, inferenceId: 'one' })).status).toBe(200);

  await lab.remove('iris');
  const other = `${grantId.slice(0, -1)}2`;
  await lab.subscribe({ async, grantId: other, roleArn: `${roleArn.slice(0, -1)}2` });
  lab.coldStart();
  const read = lab.aws.received.s3.length;
  expect((await lab.send({ resource: results, inferenceId: 'one' })).status).toBe(404);
  expect(lab.aws.received.s3).toHaveLength(read);
});

it.each(['../iris', '..%2firis', 'async#iris#one', 'IRIS', 'iris ', 'iris\n', '__proto__', ''])(
  'takes %j for no alias',
  async (alias) => {
    await lab.subscribe();
    expect((await lab.send({ alias })).status).toBe(400);
    expect(lab.aws.received.sagemaker).toHaveLength(0);
  },
);

it.each([
  { 'X-Amzn-SageMaker-Custom-Attributes': 'a\r\nAuthorization: b' },
  { 'X-Amzn-SageMaker-Custom-Attributes': 'a\nb' },
  { 'X-Amzn-SageMaker-Target-Variant': 'a\u0000b' },
  { 'X-Amzn-SageMaker-Target-Variant': ['a', 'b'] },
])('sends no second header in %j', async (headers) => {
  await lab.subscribe();
  expect((await lab.send({ headers })).status).toBe(400);
  expect(lab.aws.received.sagemaker).toHaveLength(0);
});

it('lets no caller sign, address or frame the request to SageMaker', async () => {
  await lab.subscribe();
  const foreign = {
    Authorization: 'AWS4-HMAC-SHA256 Credential=EVIL',
    Host: 'evil.example',
    'X-Amz-Security-Token': 'evil',
    'X-Amz-Date': '20000101T000000Z',
    'X-Amz-Content-Sha256': 'evil',
    'X-Forwarded-Host': 'evil.example',
    'Transfer-Encoding': 'chunked',
    'Content-Length': '1',
    Connection: 'upgrade, x-amzn-sagemaker-target-variant',
  };
  expect((await lab.send({ headers: foreign, body: 'whole' })).status).toBe(200);
  const [received] = lab.aws.received.sagemaker;
  expect(received?.headers.authorization).toContain('Credential=ASIAONE/');
  expect(received?.headers['x-amz-security-token']).toBe('token-ONE');
  expect(received?.body.toString()).toBe('whole');
  expect(JSON.stringify(received?.headers)).not.toMatch(/evil|2000010|upgrade|chunked/i);
});
