import { describe, expect, it } from 'vitest';
import { createChildClient, createParentClient } from '../../../lib/client/client.ts';
import type { ClientProblem } from '../../../lib/client/client-problem.ts';
import { clientProblems } from '../../../lib/client/client-problem.ts';
import { problems } from '../../../lib/contract/problems.ts';
import { aGrant, fakeApi, grantId, json, problemReply } from './fake-api.ts';

const tagged = () => json(200, aGrant, { etag: '"3"' });
const created = () => json(201, aGrant, { etag: '"1"' });
const share = { endpoint: { name: 'Iris' }, child: { accountId: '222222222222' } };

async function failureOf(call: Promise<unknown>): Promise<ClientProblem> {
  return call.then(
    () => expect.fail('It did not fail.'),
    (error) => error,
  );
}

describe('a repetition', () => {
  it('follows what may pass by itself, with growing pauses', async () => {
    const broken = new TypeError('fetch failed');
    const { options, requests, pauses } = fakeApi(problemReply(503, 'upstream.throttled'), broken, tagged());
    await createParentClient(options).getGrant({ grantId });
    expect(requests).toHaveLength(3);
    expect(pauses).toEqual([400, 800]);
  });

  it('ends after the last attempt with what came then', async () => {
    const { options, requests } = fakeApi(problemReply(503, 'upstream.throttled'));
    const failure = await failureOf(createParentClient(options).getGrant({ grantId }));
    expect(failure).toMatchObject({ name: 'ClientProblem', code: 'upstream.throttled', status: 503 });
    expect(requests).toHaveLength(4);
  });

  it('of a create carries the same Idempotency-Key, and every other create another', async () => {
    const { options, requests } = fakeApi(json(504, {}), created());
    const parent = createParentClient(options);
    await parent.createGrant(share);
    await parent.createGrant(share);
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('keeps the key that the caller gave, out of the body', async () => {
    const { options, requests } = fakeApi(created());
    await createParentClient(options).createGrant({ ...share, idempotencyKey: 'churn-2027' });
    expect(requests[0]?.headers['idempotency-key']).toBe('churn-2027');
    expect(requests[0]?.body).toBe(JSON.stringify(share));
  });

  it.each([
    ['rotate-grant', 'rotateGrant', {}],
    ['update-grant', 'updateGrant', { ifMatch: '"3"', note: 'x' }],
  ] as const)('of %s follows a 429 only, because twice would be too much', async (_name, method, fields) => {
    const limited = fakeApi(json(429, { message: 'Too Many Requests' }), tagged());
    await createParentClient(limited.options)[method]({ grantId, ...fields } as never);
    expect(limited.requests).toHaveLength(2);
    for (const reply of [json(503, {}), json(504, {}), json(530, {}), new TypeError('fetch failed')]) {
      const { options, requests } = fakeApi(reply, tagged());
      await failureOf(createParentClient(options)[method]({ grantId, ...fields } as never));
      expect(requests).toHaveLength(1);
    }
  });

  it.each([400, 403, 404, 409, 412, 422, 500])('does not follow a %i', async (status) => {
    const { options, requests } = fakeApi(problemReply(status, 'grant.ended'));
    await failureOf(createParentClient(options).revokeGrant({ grantId }));
    expect(requests).toHaveLength(1);
  });
});

describe('time', () => {
  const never = (_request: unknown, signal: AbortSignal) =>
    new Promise<Response>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });

  it('limits each attempt, and says so', async () => {
    const { options, requests } = fakeApi(never);
    const call = createParentClient({ ...options, attemptsMax: 2 }).getGrant({ grantId }, { timeoutMs: 5 });
    expect(await failureOf(call)).toMatchObject({ code: 'client.timeout', status: 0 });
    expect(requests).toHaveLength(2);
  });

  it("ends at once, with the caller's own reason, when the caller gives up", async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const { options, requests } = fakeApi((request, signal) => {
      controller.abort(reason);
      return never(request, signal);
    });
    const call = createParentClient(options).getGrant({ grantId }, { signal: controller.signal });
    await expect(call).rejects.toBe(reason);
    expect(requests).toHaveLength(1);
  });

  it('sends nothing for a caller who has given up already', async () => {
    const { options, requests } = fakeApi(tagged());
    const call = createParentClient(options).getGrant({ grantId }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(requests).toHaveLength(0);
  });
});

describe('a message', () => {
  it('says what happened, what to do and where to look', async () => {
    const reply = problemReply(404, 'grant.not_found', { detail: `There is no grant ${grantId}` });
    const { message } = await failureOf(createParentClient(fakeApi(reply).options).revokeGrant({ grantId }));
    expect(message).toBe(
      `revoke-grant: There is no grant ${grantId}. ${problems['grant.not_found'].remedy} (grant.not_found, request request-1)`,
    );
  });

  it('passes on what the API says to do, also about a code that this client does not know', async () => {
    const reply = problemReply(409, 'grant.frozen', { remedy: 'Wait for the thaw.' });
    const failure = await failureOf(createParentClient(fakeApi(reply).options).revokeGrant({ grantId }));
    expect(failure.remedy).toBe('Wait for the thaw.');
    expect(failure.message).toContain('A detail. Wait for the thaw. (grant.frozen');
  });

  it('has a line for each of several wrong fields', async () => {
    const errors = [
      { pointer: '/modes', message: 'must name each mode once' },
      { pointer: '/child/accountId', message: 'must be an AWS account id: 12 digits' },
    ];
    const reply = problemReply(400, 'request.invalid', { detail: '/modes … (and 1 more)', errors });
    const failure = await failureOf(createParentClient(fakeApi(reply).options).createGrant(share));
    expect(failure.errors).toEqual(errors);
    expect(failure.message.split('\n').slice(1)).toEqual([
      '  /modes must name each mode once',
      '  /child/accountId must be an AWS account id: 12 digits',
    ]);
  });

  it('keeps codes of a newer API as they are', async () => {
    const reply = problemReply(409, 'grant.from_the_future');
    const failure = await failureOf(createParentClient(fakeApi(reply).options).getGrant({ grantId }));
    expect(failure.message).toBe('get-grant: A detail. (grant.from_the_future, request request-1)');
  });

  it.each([
    [403, { Message: 'User: x is not authorized' }, 'gateway.refused', 'User: x is not authorized'],
    [403, { message: 'Missing Authentication Token' }, 'gateway.refused', 'Missing Authentication Token'],
    [502, { message: 'Internal server error' }, 'gateway.failed', 'Internal server error'],
    [429, null, 'gateway.throttled', 'The API answered with status 429.'],
  ])("names API Gateway's own %i", async (status, body, code, detail) => {
    const { options } = fakeApi(json(status, body, { 'x-amzn-requestid': 'r-9' }));
    const call = createParentClient({ ...options, attemptsMax: 1 }).getGrant({ grantId });
    expect(await failureOf(call)).toMatchObject({ status, code, detail, requestId: 'r-9' });
  });

  it('never holds a key or the request', async () => {
    const { options } = fakeApi(
      new TypeError('fetch failed', { cause: new Error('a-secret-key-for-tests') }),
    );
    const failure = await failureOf(
      createParentClient({ ...options, attemptsMax: 1 }).createGrant({ ...share, note: 'a-private-note' }),
    );
    expect(failure.message).not.toMatch(/a-secret-key|a-private-note|AKIDEXAMPLE/);
    expect(failure).toMatchObject({ code: 'client.unreachable' });
  });

  it('has no code in common with the API', () => {
    expect(Object.keys(clientProblems).filter((code) => code in problems)).toEqual([]);
  });
});

describe('invoke', () => {
  it("sends the bytes under SageMaker's headers, and gives back what came", async () => {
    const reply = new Response('setosa\n', {
      headers: { 'content-type': 'text/csv', 'x-amzn-invoked-production-variant': 'AllTraffic' },
    });
    const { options, requests } = fakeApi(reply);
    const prediction = await createChildClient(options).invoke('iris', {
      body: '5.1,3.5,1.4,0.2',
      contentType: 'text/csv',
      accept: 'text/csv',
      targetModel: 'tenant-a/m.tar.gz',
    });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: `${options.apiUrl}/endpoints/iris/invocations`,
      body: '5.1,3.5,1.4,0.2',
      headers: {
        'content-type': 'text/csv',
        accept: 'text/csv',
        'x-amzn-sagemaker-target-model': 'tenant-a/m.tar.gz',
      },
    });
    expect(new TextDecoder().decode(prediction.body)).toBe('setosa\n');
    expect(prediction).toMatchObject({ status: 200, contentType: 'text/csv' });
  });

  it("throws SageMaker's own errors under SageMaker's names", async () => {
    const { options } = fakeApi(
      json(424, { Message: 'Received client error (400)' }, { 'x-amzn-errortype': 'ModelError:http://x' }),
    );
    const failure = await failureOf(createChildClient(options).invoke('iris', { body: '' }));
    expect(failure).toMatchObject({ code: 'ModelError', status: 424, detail: 'Received client error (400)' });
  });

  it.each([json(503, {}), json(429, {}), new TypeError('fetch failed')])(
    'is never sent twice (%#)',
    async (reply) => {
      const { options, requests } = fakeApi(reply);
      await failureOf(createChildClient(options).invoke('iris', { body: 'x' }));
      expect(requests).toHaveLength(1);
    },
  );

  it.each(['', '..', 'Iris', 'a/b'])('refuses the alias %j', async (alias) => {
    const { options, requests } = fakeApi(tagged());
    const failure = await failureOf(createChildClient(options).invoke(alias, { body: 'x' }));
    expect(failure.code).toBe('client.input_invalid');
    expect(requests).toEqual([]);
  });
});
