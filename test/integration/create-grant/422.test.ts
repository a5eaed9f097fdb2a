import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProblemCode } from '../../../lib/contract/problems.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const accountId = '222222222222';
const valid = { endpoint: { name: 'Iris-Classifier' }, child: { accountId } };
const create = (body: object, headers = {}) => ({ method: 'POST', path: '/grants', body, headers });
const refused = (change: object, code: ProblemCode, pointer: string | string[]) =>
  expectRefusal(sandbox, create({ ...valid, ...change }), { status: 422, code, pointer });

describe('refuses a child that cannot be one', () => {
  it('the parent itself', () =>
    refused({ child: { accountId: '111111111111' } }, 'grant.child_is_parent', '/child/accountId'));

  it('principals of other accounts, each of them named', () =>
    refused(
      {
        child: {
          accountId,
          principals: [
            'arn:aws:iam::333333333333:role/a',
            `arn:aws:iam::${accountId}:role/b`,
            'arn:aws:iam::111111111111:user/c',
          ],
        },
      },
      'grant.principal_not_child',
      ['/child/principals/0', '/child/principals/2'],
    ));
});

describe('refuses a date that cannot be the end', () => {
  const inSeconds = (seconds: number) => new Date(sandbox.now() + seconds * 1000).toISOString();

  it('one that has passed', () =>
    refused({ expiresAt: inSeconds(-1) }, 'grant.expiry_in_past', '/expiresAt'));

  it('one of long ago', () =>
    refused({ expiresAt: '1970-01-01T00:00:00Z' }, 'grant.expiry_in_past', '/expiresAt'));

  it('one more than 365 days away, and says which is the last', async () => {
    const expiresAt = inSeconds(365 * 86_400 + 60);
    const { detail } = await refused({ expiresAt }, 'grant.expiry_too_far', '/expiresAt');
    const [last] = /(?<=the latest possible is ).*(?=\.$)/.exec(detail) ?? [];
    expect(Math.abs(Date.parse(last!) - Date.parse(inSeconds(365 * 86_400)))).toBeLessThan(60_000);
  });
});

describe('refuses what IAM cannot enforce', () => {
  it.each<[string, object, ProblemCode, string]>([
    [
      'target models when streaming',
      { modes: ['sync', 'stream'], targets: { models: ['tenant-a/*'] } },
      'grant.unenforceable.models_with_stream',
      '/targets/models',
    ],
    [
      'target models in mode async',
      { modes: ['async'], targets: { models: ['tenant-a/*'] } },
      'grant.unenforceable.models_with_async',
      '/targets/models',
    ],
    [
      'inference components in mode async',
      { modes: ['sync', 'async'], targets: { inferenceComponents: ['llm-a'] } },
      'grant.unenforceable.components_with_async',
      '/targets/inferenceComponents',
    ],
  ])('%s', async (_, change, code, pointer) => {
    await refused(change, code, pointer);
  });
});

describe('refuses what does not fit into the documents of one role', () => {
  it('a trust policy beyond IAM’s 2,048 characters', () => {
    const principals = Array.from(
      { length: 10 },
      (_, n) => `arn:aws:iam::${accountId}:role/${'long'.repeat(40)}${n}`,
    );
    return refused({ child: { accountId, principals } }, 'grant.policy_too_large', '/child/principals');
  });

  it('a permission policy that could not be exchanged for another', () => {
    const models = Array.from({ length: 10 }, (_, n) => `${'m'.repeat(255)}${n}`);
    return refused(
      { targets: { models }, conditions: { sourceIps: ['10.0.0.0/8'], sourceVpces: ['vpce-0a1b2c3d'] } },
      'grant.policy_too_large',
      '/targets',
    );
  });
});

describe('refuses an endpoint that cannot be shared', () => {
  it.each([
    ['that does not exist', { name: 'nobody' }],
    ['whose name differs in case: invocations would not find it', { name: 'iris-classifier' }],
    ['of another Region', { name: 'Iris-Classifier', region: 'eu-west-1' }],
  ])('one %s', async (_, endpoint) => {
    await refused({ endpoint }, 'endpoint.not_found', '/endpoint/name');
  });

  it.each(['Failed', 'OutOfService', 'Deleting'] as const)('one that is %s', async (status) => {
    const place = { accountId: '111111111111', name: `is-${status}` };
    sandbox.sageMaker.addEndpoint(place);
    sandbox.sageMaker.setStatus(place, status);
    const { detail } = await refused(
      { endpoint: { name: place.name } },
      'endpoint.not_usable',
      '/endpoint/name',
    );
    expect(detail).toContain(status);
  });
});

describe('refuses an Idempotency-Key that was used', () => {
  it('for another body; the first grant stays as it is', async () => {
    const key = { 'idempotency-key': 'one-of-mine' };
    expect((await sandbox.asParent.post('/grants', valid, { headers: key })).status).toBe(201);
    await expectRefusal(sandbox, create({ ...valid, note: 'another' }, key), {
      status: 422,
      code: 'idempotency.key_reused',
    });
  });
});
