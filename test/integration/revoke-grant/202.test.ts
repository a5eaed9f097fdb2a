import { afterAll, beforeAll, expect, it } from 'vitest';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { read } from '../../support/ask.ts';
import { byHand } from '../../support/by-hand.ts';
import { expectProblem } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';
import { askWhileIamIsSlow, letTheScheduleFinish } from '../../support/slow-iam.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('does not say revoked, and writes no receipt, while a session still gets through', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  const path = `/grants/${grant.id}/revoke`;
  const { status, json } = await askWhileIamIsSlow(sandbox, { method: 'POST', path });
  expect([status, json]).toMatchObject([202, { status: 'revoking', pending: { operation: 'revoke' } }]);
  expect(json['receipt']).toBeUndefined();
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  expect(await byHand(sandbox).roleOf(grant)).toBeDefined();

  // Nobody is offered what is being taken back.
  const offerPath = `/offers/${grant.id}`;
  const offer = await sandbox.asChild.get(offerUrlOf(sandbox, grant));
  expectProblem(offer, offerPath, { status: 409, code: 'grant.ended' });

  await letTheScheduleFinish(sandbox);
  const after = await read(sandbox, grant);
  expect([after.status, after.pending]).toEqual(['revoked', undefined]);
  expect(after.receipt!.seconds).toBeGreaterThan(300);
  expect(after.receipt!.sessionDeniedAt).toBeDefined();
  expect(await invoke(sandbox, grant, session!)).toBe('denied');
  expect(await access(sandbox, grant)).toBe('denied');
  expect(await byHand(sandbox).roleOf(grant)).toBeUndefined();
});
