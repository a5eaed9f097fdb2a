import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet');
});
afterAll(() => sandbox?.close());

const update = (body: unknown) => ({
  method: 'PATCH',
  path: `/grants/${grant.id}`,
  headers: { 'if-match': '*' },
  body,
});

describe('names the field that is wrong, and changes nothing', () => {
  it.each<[string, unknown, string | string[]]>([
    ['no change at all', {}, ''],
    ['no body', undefined, ''],
    ['an array', [], ''],
    ['the endpoint, which cannot change', { endpoint: { name: 'storyteller' } }, ['/endpoint', '']],
    ['the child, which cannot change', { child: { accountId: '333333333333' } }, ['/child', '']],
    ['the status, which has operations of its own', { status: 'revoked' }, ['/status', '']],
    ['the external id', { externalId: 'mine' }, ['/externalId', '']],
    ['a date that is to be removed', { expiresAt: null }, '/expiresAt'],
    ['modes that are to be removed', { modes: null }, '/modes'],
    ['an unknown mode', { modes: ['batch'] }, '/modes/0'],
    ['a date without a zone', { expiresAt: '2027-01-01T00:00:00' }, '/expiresAt'],
    ['a note that is too long', { note: 'x'.repeat(1_001) }, '/note'],
    ['an unknown condition', { conditions: { userAgents: ['curl'] } }, '/conditions/userAgents'],
  ])('%s', async (_, body, pointer) => {
    await expectRefusal(sandbox, update(body), { status: 400, code: 'request.invalid', pointer });
  });

  it('a body that is not JSON', () =>
    expectRefusal(sandbox, update('{note}'), { status: 400, code: 'request.not_json' }));
});
