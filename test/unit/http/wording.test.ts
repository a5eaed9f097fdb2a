import type { APIGatewayProxyEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import { operations } from '../../../lib/contract/operations.ts';
import { type FieldError, Problem } from '../../../lib/contract/problems.ts';
import { parseInput } from '../../../lib/http/request.ts';

const child = { accountId: '222222222222' };
const aGrant = { endpoint: { name: 'Iris-Classifier' }, child };
const principal = `arn:aws:iam::222222222222:role/${'a'.repeat(600)}`;

it.each([
  [{ child }, '/endpoint', 'is required and must be an object'],
  [{ endpoint: {}, child }, '/endpoint/name', 'is required and must be a text'],
  [{ ...aGrant, note: 5 }, '/note', 'must be a text'],
  [{ ...aGrant, note: 'x'.repeat(1001) }, '/note', 'must be at most 1000 characters'],
  [{ ...aGrant, modes: 'sync' }, '/modes', 'must be a list'],
  [{ ...aGrant, modes: ['batch'] }, '/modes/0', 'must be one of: sync, stream, async'],
  [{ ...aGrant, recordCaller: 'yes' }, '/recordCaller', 'must be true or false'],
  [{ ...aGrant, limits: { concurrency: 1.5 } }, '/limits/concurrency', 'must be a whole number'],
  [{ ...aGrant, limits: { concurrency: 0 } }, '/limits/concurrency', 'must be at least 1'],
  [{ ...aGrant, limits: { concurrency: 1001 } }, '/limits/concurrency', 'must be at most 1000'],
  [{ ...aGrant, targets: { models: [] } }, '/targets/models', 'must be at least 1 entry long'],
  [
    { ...aGrant, targets: { models: Array(11).fill('a') } },
    '/targets/models',
    'must be at most 10 entries long',
  ],
  [
    { ...aGrant, child: { ...child, principals: [principal] } },
    '/child/principals/0',
    'must be at most 512 characters long',
  ],
  [{ ...aGrant, colour: 'red' }, '/colour', 'is not a field of this operation'],
])('a body such as %j is told what is allowed', (body, pointer, message) => {
  expect(wrongOf('create-grant', { body: JSON.stringify(body) })).toEqual([{ pointer, message }]);
});

it.each([
  ['limit', '0', 'must be a whole number from 1 to 100'],
  ['limit', '101', 'must be a whole number from 1 to 100'],
  ['limit', 'ten', 'must be a whole number from 1 to 100'],
  ['status', 'open', 'must be one of: provisioning, active, suspended, revoking, revoked, expired, failed'],
  ['cursor', '', 'must be at least 1 character long'],
])('the query %s=%s is told what is allowed', (name, value, message) => {
  const event = {
    queryStringParameters: { [name]: value },
    multiValueQueryStringParameters: { [name]: [value] },
  };
  expect(wrongOf('list-grants', event)).toEqual([{ pointer: `query/${name}`, message }]);
});

function wrongOf(
  operation: keyof typeof operations,
  event: Partial<APIGatewayProxyEvent>,
): readonly FieldError[] {
  try {
    parseInput(operations[operation], { isBase64Encoded: false, ...event } as APIGatewayProxyEvent);
  } catch (error) {
    if (error instanceof Problem && error.code === 'request.invalid') return error.errors;
    throw error;
  }
  throw new Error('It was not refused.');
}
