import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { expectProblem } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet');
});
afterEach(() => sandbox.clearFaults());
afterAll(() => sandbox?.close());

/** The SDK asks three times. */
const always = (fault: 'throttle' | 'error') => {
  for (const nth of [1, 2, 3]) sandbox.addFault({ service: 'dynamodb', operation: 'GetItem', nth, fault });
};

it('503: DynamoDB throttles, and goes on throttling when asked again', async () => {
  always('throttle');
  const path = `/grants/${grant.id}`;
  const { detail } = expectProblem(await sandbox.asParent.get(path), path, {
    status: 503,
    code: 'upstream.throttled',
  });
  expect(detail).toBe('AWS answered ThrottlingException.');
  expect((await sandbox.asParent.get(path)).status).toBe(200);
});

it('502: DynamoDB fails', async () => {
  always('error');
  const path = `/grants/${grant.id}`;
  const { detail } = expectProblem(await sandbox.asParent.get(path), path, {
    status: 502,
    code: 'upstream.failed',
  });
  expect(detail).toBe('AWS answered InternalServerError.');
});

it('one failure is not noticed by the caller', async () => {
  sandbox.addFault({ service: 'dynamodb', operation: 'GetItem', nth: 1, fault: 'error' });
  expect((await sandbox.asParent.get(`/grants/${grant.id}`)).status).toBe(200);
});

it('500: a record that somebody damaged by hand; nothing of its inside is told, the log has the stack', async () => {
  const id = grant.id.replace(/.{6}$/, 'damage');
  await new DynamoDBClient(sandbox.asParent.sdk).send(
    new PutItemCommand({
      TableName: 'sharemaker-dev-grants',
      Item: { id: { S: id }, kind: { S: 'grant' }, note: { S: 'a secret of somebody' } },
    }),
  );
  const path = `/grants/${id}`;
  const answer = await sandbox.asParent.get(path);
  const { detail, requestId } = expectProblem(answer, path, { status: 500, code: 'internal.failed' });
  expect(detail).toBe('Something went wrong inside Sharemaker.');
  const logged = sandbox.logs.filter(({ line }) => line.includes(requestId)).map(({ line }) => line);
  expect(logged.join('\n')).toContain('TypeError');
  expect(logged.join('\n')).not.toContain('a secret of somebody');
});
