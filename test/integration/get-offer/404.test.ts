import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { absentGrantId, refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';
import { expectProblem } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

refusesIdsOfNoGrant('get-offer');

describe('to whom it was not made, an offer does not exist', () => {
  let sandbox: TestSandbox;
  let ours: Grant;
  let othersOf: Grant;
  beforeAll(async () => {
    sandbox = await startSandbox();
    ours = await anActiveGrant(sandbox, 'puppet');
    othersOf = await anActiveGrant(sandbox, 'puppet', {
      child: { accountId: sandbox.describe.outsider.accountId },
    });
  });
  afterAll(() => sandbox?.close());

  const refusal = { status: 404, code: 'grant.not_found' } as const;
  const asked = (by: 'asChild' | 'asOutsider', id: string) =>
    sandbox[by].get(`${sandbox.describe.parent.apiUrl}/offers/${id}`);

  it('to an outsider', async () => {
    expectProblem(await asked('asOutsider', ours.id), `/offers/${ours.id}`, refusal);
  });

  it('to another child', async () => {
    expectProblem(await asked('asChild', othersOf.id), `/offers/${othersOf.id}`, refusal);
    expect((await asked('asOutsider', othersOf.id)).status).toBe(200);
  });

  it('in the very words in which a grant that never was does not exist', async () => {
    const foreign = expectProblem(await asked('asOutsider', ours.id), `/offers/${ours.id}`, refusal);
    const absent = expectProblem(
      await asked('asOutsider', absentGrantId),
      `/offers/${absentGrantId}`,
      refusal,
    );
    const wording = ({ requestId: _own, ...rest }: typeof foreign, id: string) =>
      JSON.stringify(rest).replaceAll(id, '…');
    expect(wording(foreign, ours.id)).toBe(wording(absent, absentGrantId));
  });
});
