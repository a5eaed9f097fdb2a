import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  await aShare(sandbox, 'flowers', 'Iris-Classifier-Async', { modes: ['async'] });
  await aShare(sandbox, 'puppet', 'puppet-async', { modes: ['async'] });
});
afterAll(() => sandbox?.close());

const start = async (alias: string, headers: Record<string, string>, body?: string) => {
  const answer = await sandbox.asChild.send('POST', `/endpoints/${alias}/async-invocations`, {
    headers,
    ...(body !== undefined && { body }),
  });
  expect(answer.status).toBe(202);
  return answer.json['InferenceId'] as string;
};
const result = (alias: string, id: string) =>
  sandbox.asChild.get(`/endpoints/${alias}/async-results/${encodeURIComponent(id)}`);
const finished = async (alias: string, id: string) => {
  await expect.poll(async () => (await result(alias, id)).status, { timeout: 10_000 }).not.toBe(202);
  return result(alias, id);
};

it('takes input through an upload of its own and gives the result back, without S3 rights of the child', async () => {
  const upload = await sandbox.asChild.post<Record<string, string>>('/endpoints/flowers/async-uploads');
  expect(upload.status).toBe(201);
  const { uploadUrl = '', inputLocation = '' } = upload.json;
  const put = await fetch(uploadUrl, { method: 'PUT', body: '5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n' });
  expect(put.status).toBe(200);
  const id = await start('flowers', {
    'x-amzn-sagemaker-inputlocation': inputLocation,
    'x-amzn-sagemaker-content-type': 'text/csv',
    'x-amzn-sagemaker-accept': 'text/csv',
  });
  const answer = await finished('flowers', id);
  expect(answer.status).toBe(200);
  expect(answer.text.trim().split('\n')).toEqual(['setosa', 'virginica']);
});

it('takes input inline', async () => {
  const id = await start('puppet', { 'x-amzn-sagemaker-content-type': 'text/plain' }, 'hello');
  const answer = await finished('puppet', id);
  expect([answer.status, answer.text]).toEqual([200, 'hello']);
});

it('tells of a failure in SageMaker’s shape', async () => {
  const id = await start('puppet', { 'x-amzn-sagemaker-custom-attributes': 'status=500' }, 'x');
  const answer = await finished('puppet', id);
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([424, 'ModelError']);
});

it('carries a result that is larger than what a Lambda could answer in one piece', async () => {
  const bytes = 20_000_000;
  const id = await start('puppet', { 'x-amzn-sagemaker-custom-attributes': `bytes=${bytes}` }, 'x');
  const answer = await finished('puppet', id);
  expect([answer.status, answer.bytes.length]).toEqual([200, bytes]);
});

it('says where a result is that was not to go where the grant lets the relay read', async () => {
  const id = await start('puppet', { 'x-amzn-sagemaker-s3outputpathextension': 'elsewhere' }, 'x');
  const answer = await result('puppet', id);
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError']);
  expect(answer.json['Message']).toMatch(/OutputLocation, s3:\/\/.*\/elsewhere\//);
});

it('shows a grant its own results only', async () => {
  const id = await start('puppet', {}, 'mine');
  await finished('puppet', id);
  expect((await result('flowers', id)).status).toBe(404);
  expect((await result('puppet', 'made-up')).status).toBe(404);
});

it('lets an upload go nowhere but where it was signed for', async () => {
  const { json } = await sandbox.asChild.post<Record<string, string>>('/endpoints/flowers/async-uploads');
  const elsewhere = (json['uploadUrl'] ?? '').replace('/in/', '/out/');
  expect((await fetch(elsewhere, { method: 'PUT', body: 'x' })).status).toBe(403);
});

it('passes SageMaker’s refusals on', async () => {
  const answer = await sandbox.asChild.send('POST', '/endpoints/puppet/async-invocations', { body: '' });
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError']);
});
