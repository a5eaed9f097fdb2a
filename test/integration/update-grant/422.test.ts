import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import type { ProblemCode } from '../../../lib/contract/problems.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet', { targets: { models: ['tenant-a/*'] } });
});
afterAll(() => sandbox?.close());

const refused = (id: string, body: object, code: ProblemCode, pointer: string) =>
  expectRefusal(
    sandbox,
    { method: 'PATCH', path: `/grants/${id}`, headers: { 'if-match': '*' }, body },
    { status: 422, code, pointer },
  );

describe('judges the grant as it would be, not the patch alone', () => {
  it.each<[string, object, ProblemCode, string]>([
    [
      'stream beside the target models that it has',
      { modes: ['stream'] },
      'grant.unenforceable.models_with_stream',
      '/targets/models',
    ],
    [
      'async beside them',
      { modes: ['sync', 'async'] },
      'grant.unenforceable.models_with_async',
      '/targets/models',
    ],
    [
      'components in their place, and async',
      { targets: { inferenceComponents: ['llm-a'] }, modes: ['async'] },
      'grant.unenforceable.components_with_async',
      '/targets/inferenceComponents',
    ],
    ['a date in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'grant.expiry_in_past', '/expiresAt'],
    ['a date too far away', { expiresAt: '2999-01-01T00:00:00Z' }, 'grant.expiry_too_far', '/expiresAt'],
    [
      'documents beyond IAM’s quota',
      {
        targets: { models: Array.from({ length: 10 }, (_, n) => `${'m'.repeat(250)}${n}`) },
        conditions: { sourceIps: ['10.0.0.0/8'], sourceVpces: ['vpce-0a1b2c3d'] },
      },
      'grant.policy_too_large',
      '/targets',
    ],
  ])('%s', async (_, body, code, pointer) => {
    await refused(grant.id, body, code, pointer);
  });
});

it('refuses to reshape a grant whose endpoint is gone', async () => {
  const place = { accountId: '111111111111', name: 'short-lived' };
  sandbox.sageMaker.addEndpoint(place);
  const { id } = await anActiveGrant(sandbox, place.name);
  sandbox.sageMaker.deleteEndpoint(place);
  await refused(id, { modes: ['stream'] }, 'endpoint.not_found', '/endpoint/name');
});
