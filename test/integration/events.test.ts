/**
 * The events under events/, one for each function, are what `serverless invoke local` feeds it. Here each goes through the
 * bundled function: the parent's in the order of a grant's life, all about the grant that the first of them makes.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../../sandbox/accounts.ts';
import { readStack, repository, type StackFunction } from '../../sandbox/stack/stack.ts';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';

interface ProxyEvent {
  readonly resource: string;
  readonly path: string;
  readonly httpMethod: string;
  readonly pathParameters: Readonly<Record<string, string>> | null;
  readonly requestContext: object & { readonly identity: object };
}

const folder = join(repository, 'events');
const eventOf = (key: string) => JSON.parse(readFileSync(join(folder, `${key}.json`), 'utf8')) as ProxyEvent;
const functions = (['parent', 'child'] as const).flatMap((account) => {
  const { accountId } = accounts[account];
  return readStack({ account, accountId }).functions.map((entry) => ({ accountId, key: entry.key, entry }));
});

let sandbox: TestSandbox;
/** What API Gateway really sends in the sandbox. */
let real: ProxyEvent;
beforeAll(async () => {
  sandbox = await startSandbox();
  real = await captureEvent();
});
afterAll(() => sandbox?.close());

it('there is one event for each function, and none for no function', () => {
  const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
  expect(files.sort()).toEqual(functions.map(({ key }) => key).sort());
});

describe.each(functions.filter(({ entry }) => entry.routes.length > 0))('$key.json', ({ key, entry }) => {
  const event = eventOf(key);

  it('has every member that API Gateway sends, and no other', () => {
    expect(Object.keys(event).sort()).toEqual(Object.keys(real).sort());
    expect(Object.keys(event.requestContext).sort()).toEqual(Object.keys(real.requestContext).sort());
    expect(Object.keys(event.requestContext.identity).sort()).toEqual(
      Object.keys(real.requestContext.identity).sort(),
    );
  });

  it('goes to a route of the function', () => {
    const { resource, httpMethod, path, pathParameters } = event;
    expect(entry.routes).toContainEqual(expect.objectContaining({ method: httpMethod, path: resource }));
    const filled = resource.replace(/\{(\w+)\}/g, (_, name: string) => pathParameters?.[name] ?? '');
    expect(path).toBe(filled);
  });
});

/** In this order, so that each finds what the ones before it made. */
const answers: readonly (readonly [key: string, status: number])[] = [
  ['create-grant', 201],
  ['list-grants', 200],
  ['get-grant', 200],
  ['update-grant', 200],
  ['get-offer', 200],
  ['list-endpoints', 200],
  ['suspend-grant', 200],
  ['resume-grant', 200],
  ['rotate-grant', 200],
  ['audit-grants', 201],
  ['list-audits', 200],
  ['get-audit', 404],
  ['revoke-grant', 200],
  // The child's events name an offer of another parent.
  ['accept-offer', 422],
  ['list-subscriptions', 200],
  ['get-subscription', 404],
  ['check-subscription', 404],
  ['remove-subscription', 404],
  ['invoke', 400],
];

describe('replayed through the bundled function', () => {
  it.each(answers)('%s answers %i', async (key, status) => {
    const outcome = await replay(key);
    expect(outcome.statusCode).toBe(status);
  });

  it('the grant that the events are about has lived its whole life', async () => {
    const id = eventOf('get-grant').pathParameters!['grantId'];
    const { json } = await sandbox.asParent.get<{ status: string; history: { event: string }[] }>(
      `/grants/${id}`,
    );
    expect(json.status).toBe('revoked');
    expect(json.history.map(({ event }) => event)).toEqual(
      expect.arrayContaining([
        'grant.activated',
        'grant.noted',
        'grant.suspended',
        'grant.resumed',
        'grant.rotated',
      ]),
    );
  });

  it('advance-grants answers what it looked at', async () => {
    const { entry, accountId } = find('advance-grants');
    const outcome = await sandbox.lambda.invoke(accountId, entry.name, eventOf('advance-grants'));
    expect(outcome.type === 'result' && JSON.parse(outcome.payload)).toMatchObject({
      looked: expect.any(Number),
      failed: 0,
    });
  });

  it('every function that has a route was replayed', () => {
    const replayed = answers.map(([key]) => key);
    expect([...replayed, 'advance-grants'].sort()).toEqual(functions.map(({ key }) => key).sort());
  });
});

/** What would reach a function if somebody deployed its route without IAM authorization. */
describe('without a caller whom IAM has identified', () => {
  const behindIam = functions.filter(({ key, entry }) => entry.routes.length > 0 && key !== 'invoke');

  it.each(behindIam)('$key does nothing: a broken deployment is not an open door', async ({ key }) => {
    const callsBefore = sandbox.calls.length;
    const { requestContext, ...rest } = eventOf(key);
    const identity = { ...requestContext.identity, accountId: null, userArn: null };
    const outcome = await run(key, { ...rest, requestContext: { ...requestContext, identity } });
    expect(outcome.statusCode).toBe(403);
    expect(JSON.parse(outcome.body)).toMatchObject({ code: 'caller.unknown', status: 403 });
    expect(sandbox.calls.slice(callsBefore)).toEqual([]);
  });
});

function find(key: string): { entry: StackFunction; accountId: string } {
  return functions.find((each) => each.key === key)!;
}

const replay = (key: string) => run(key, eventOf(key));

/** Buffered functions answer a JSON document; the relay writes the same as the prelude of its stream, before eight zeros. */
async function run(key: string, event: unknown): Promise<{ statusCode: number; body: string }> {
  const { entry, accountId } = find(key);
  const outcome = await sandbox.lambda.invoke(accountId, entry.name, event);
  if (outcome.type === 'failure') throw new Error(outcome.failure.errorMessage);
  if (outcome.type === 'result') return JSON.parse(outcome.payload);
  const parts: Uint8Array[] = [];
  for await (const part of outcome.chunks) parts.push(part);
  const text = Buffer.concat(parts).toString('latin1');
  return JSON.parse(text.slice(0, text.indexOf('\0'.repeat(8))));
}

async function captureEvent(): Promise<ProxyEvent> {
  const { proxyEvent } = await import('../../sandbox/apigateway/proxy-event.ts');
  const { child } = sandbox.describe;
  return proxyEvent({
    request: {
      id: 'request',
      method: 'GET',
      path: '/x',
      query: '',
      headers: { 'user-agent': 'test' },
      body: Buffer.alloc(0),
      sourceIp: '203.0.113.7',
      region: 'us-east-1',
      caller: {
        type: 'User',
        accountId: child.accountId,
        arn: `arn:aws:iam::${child.accountId}:user/admin`,
        principalArn: `arn:aws:iam::${child.accountId}:user/admin`,
        userId: 'AIDAX',
        accessKeyId: child.credentials.accessKeyId,
      },
      signal: new AbortController().signal,
      decisions: [],
    },
    now: sandbox.now(),
    api: { accountId: child.accountId, apiId: 'abcdefghij', stage: 'dev' },
    domainName: '127.0.0.1:1',
    resourcePath: '/x',
    path: '/x',
    pathParameters: {},
    callerOrgId: undefined,
  }) as unknown as ProxyEvent;
}
