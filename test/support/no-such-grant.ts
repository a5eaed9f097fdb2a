import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OperationName, operations } from '../../lib/contract/operations.ts';
import { expectRefusal } from './refusal.ts';
import { startSandbox, type TestSandbox } from './sandbox.ts';

export const absentGrantId = 'grt_01kba3t5z0c8m4n6p8q0r2s4t6';

/** The tests of an operation on one grant: what it says of grants that do not exist, and of ids that are none. */
export function refusesIdsOfNoGrant(name: OperationName, body?: object): void {
  const { method, path } = operations[name];
  const request = (id: string) => ({
    method,
    path: path.replace('{grantId}', id),
    headers: { 'if-match': '*' },
    body,
  });
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox?.close());

  it('says that there is no such grant', async () => {
    const refusal = { status: 404, code: 'grant.not_found' } as const;
    const { detail } = await expectRefusal(sandbox, request(absentGrantId), refusal);
    expect(detail).toBe(`There is no grant ${absentGrantId}.`);
  });

  it.each([
    ['of an audit', 'aud_01kba3t5z0c8m4n6p8q0r2s4t6'],
    ['in capitals', absentGrantId.toUpperCase()],
    ['with a letter that ULIDs do not have', absentGrantId.replace('a', 'i')],
    ['that leads elsewhere', 'grt_..%2F..%2Faudits'],
    ['of 4,000 characters', `grt_${'0'.repeat(4_000)}`],
  ])('refuses an id %s as no id at all, with 400', async (_, id) => {
    await expectRefusal(sandbox, request(id), {
      status: 400,
      code: 'request.invalid',
      pointer: 'path/grantId',
    });
  });
}
